package org.apache.hadoop.hdfs.server.datanode;

import java.io.IOException;
import java.lang.reflect.Field;
import java.net.InetSocketAddress;
import java.net.Socket;
import org.apache.hadoop.hdfs.net.Peer;
import org.apache.hadoop.hdfs.net.PeerServer;
import org.apache.hadoop.hdfs.util.Canceler;
import org.apache.hadoop.hdfs.util.DataTransferThrottler;

/**
 * Counts what a DataNode sends and receives, and makes it stand still: a frozen one still takes connections, by the system,
 * but says nothing on them, and stops in the midst of blocks, after the packet at hand. It goes on telling the NameNode
 * that it is alive. In this package, for what it stands before is seen only here.
 */
public final class Gate {
  private boolean frozen;
  private long sent;
  private long received;

  public static Gate install(DataNode node) throws Exception {
    Gate gate = new Gate();
    DataXceiverServer server = node.getXferServer();
    server.setReadThrottler(new Counter(gate, true));
    server.setWriteThrottler(new Counter(gate, false));
    Field field = DataXceiverServer.class.getDeclaredField("peerServer");
    field.setAccessible(true);
    field.set(server, new Door(gate, (PeerServer) field.get(server)));
    // The server already waits at its former door; one visit brings it to the new one.
    InetSocketAddress address = node.getXferAddress();
    new Socket(address.getAddress(), address.getPort()).close();
    return gate;
  }

  public synchronized void freeze(boolean freeze) {
    frozen = freeze;
    notifyAll();
  }

  public synchronized long sent() {
    return sent;
  }

  public synchronized long received() {
    return received;
  }

  private synchronized void pass(long bytesSent, long bytesReceived) throws InterruptedException {
    sent += bytesSent;
    received += bytesReceived;
    while (frozen) {
      wait();
    }
  }

  /** A DataNode asks it after every packet. */
  private static final class Counter extends DataTransferThrottler {
    private final Gate gate;
    private final boolean sends;

    Counter(Gate gate, boolean sends) {
      super(Long.MAX_VALUE);
      this.gate = gate;
      this.sends = sends;
    }

    @Override
    public void setBandwidth(long bytesPerSecond) {}

    // Not synchronized, as the overridden ones are: a frozen connection would hold up those that are being counted.
    @Override
    public void throttle(long bytes) {
      throttle(bytes, null);
    }

    @Override
    public void throttle(long bytes, Canceler canceler) {
      try {
        gate.pass(sends ? bytes : 0, sends ? 0 : bytes);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private record Door(Gate gate, PeerServer inner) implements PeerServer {
    @Override
    public Peer accept() throws IOException {
      Peer peer = inner.accept();
      try {
        gate.pass(0, 0);
      } catch (InterruptedException interrupted) {
        peer.close();
        throw new IOException(interrupted);
      }
      return peer;
    }

    @Override
    public void setReceiveBufferSize(int size) throws IOException {
      inner.setReceiveBufferSize(size);
    }

    @Override
    public int getReceiveBufferSize() throws IOException {
      return inner.getReceiveBufferSize();
    }

    @Override
    public String getListeningString() {
      return inner.getListeningString();
    }

    @Override
    public void close() throws IOException {
      inner.close();
    }
  }
}
