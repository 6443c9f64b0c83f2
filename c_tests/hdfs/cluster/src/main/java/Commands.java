import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.hadoop.fs.BlockLocation;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Options.ChecksumOpt;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.fs.SafeModeAction;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.hdfs.DFSTestUtil;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.hdfs.MiniDFSCluster.DataNodeProperties;
import org.apache.hadoop.hdfs.protocol.HdfsConstants;
import org.apache.hadoop.hdfs.protocol.OpenFileEntry;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.apache.hadoop.hdfs.server.datanode.Gate;
import org.apache.hadoop.util.DataChecksum;

/**
 * What can be asked of a cluster: words with spaces between them. N is the number of a DataNode, from 0; files are made and
 * read by Hadoop's own client, as the superuser; what is in them is a {@link Pattern}.
 *
 * <pre>
 * stop-datanode N               it ends at once; the NameNode comes to know after 14 seconds
 * start-datanode N              again, on its ports
 * freeze N | thaw N             see {@link Gate}
 * traffic                       ok, then for each DataNode the bytes that it sent and received (0 0 while it is stopped)
 * locations PATH                ok, then the DataNodes with the file's first block
 * settled PATH                  when every block of a file has all its replicas
 * corrupt PATH                  damages one replica of the first block: ok N
 * failover [abrupt]             the other NameNode becomes active: ok INDEX; abrupt: the active one ends at once before
 * stop-namenode                 the active NameNode ends at once, none takes over: ok INDEX
 * start-namenode                starts the NameNodes that ended; a single one becomes active
 * active                        ok, then the index of the active NameNode
 * safemode on|off
 * quota PATH BYTES|clear        of space, where every replica counts, and a block that is begun counts as a full one
 * open-files                    ok, how many are being written, their paths
 * mkdir PATH [MODE] | remove PATH | rename FROM TO | chmod PATH MODE | chown PATH USER
 * stat PATH                     ok type= size= replication= blocksize= permission= owner= group= mtime= (milliseconds)
 * list PATH                     ok, how many there are, their names, sorted
 * write PATH SIZE SEED [BLOCKSIZE [REPLICATION [CHECKSUM]]]   by CRC32C or CRC32
 * append PATH SIZE SEED         goes on with the pattern where the file ends
 * check PATH SIZE SEED          ok SHA256, if the file is exactly this
 * digest PATH                   ok SIZE SHA256
 * bytes PATH OFFSET COUNT       ok, the bytes in hexadecimal digits, fewer where the file ends
 * time-read PATH                ok NANOSECONDS of a sequential read
 * time-write PATH SIZE [synced]  of a sequential write; synced: each block is forced to the disk
 * restore                       everything runs again, nothing is frozen, safe mode is off
 * </pre>
 */
final class Commands {
  private static final long LIMIT_SECONDS = 240;
  private static final int TIMED_PIECE = 1 << 20;

  private final MiniDFSCluster cluster;
  private final DistributedFileSystem files;
  private final DataNode[] nodes = new DataNode[Setup.DATA_NODES];
  private final Gate[] gates = new Gate[Setup.DATA_NODES];
  private final DataNodeProperties[] stopped = new DataNodeProperties[Setup.DATA_NODES];
  private final ExecutorService worker = Executors.newCachedThreadPool();

  Commands(Setup setup) throws Exception {
    cluster = setup.cluster;
    files = setup.files;
    for (int number = 0; number < nodes.length; number++) {
      adopt(number, cluster.getDataNodes().get(number));
    }
  }

  /** The answer to a command. */
  String run(String line) {
    Callable<String> command = () -> execute(line.trim().split(" +"));
    Future<String> answer = worker.submit(command);
    try {
      String said = answer.get(LIMIT_SECONDS, TimeUnit.SECONDS);
      return said.isEmpty() ? "ok" : "ok " + said;
    } catch (TimeoutException late) {
      answer.cancel(true);
      return "error not done after " + LIMIT_SECONDS + " s: " + line;
    } catch (Exception failure) {
      Throwable cause = failure.getCause() == null ? failure : failure.getCause();
      cause.printStackTrace();
      return "error " + oneLine(cause);
    }
  }

  static String oneLine(Throwable failure) {
    return failure.toString().replaceAll("\\s+", " ");
  }

  private String execute(String[] words) throws Exception {
    return switch (words[0]) {
      case "stop-datanode" -> stopDataNode(number(words[1]));
      case "start-datanode" -> startDataNode(number(words[1]));
      case "freeze" -> freeze(number(words[1]), true);
      case "thaw" -> freeze(number(words[1]), false);
      case "traffic" -> traffic();
      case "locations" -> locations(words[1]);
      case "settled" -> settled(words[1]);
      case "corrupt" -> corrupt(words[1]);
      case "failover" -> failover(words.length > 1);
      case "stop-namenode" -> stopNameNode();
      case "start-namenode" -> startNameNodes();
      case "active" -> String.valueOf(active());
      case "safemode" -> safeMode(words[1].equals("on"));
      case "quota" -> quota(words[1], words[2]);
      case "open-files" -> openFiles();
      case "mkdir" -> makeFolder(words[1], words.length > 2 ? words[2] : "755");
      case "remove" -> done(files.delete(new Path(words[1]), true), words[1]);
      case "rename" -> done(files.rename(new Path(words[1]), new Path(words[2])), words[1]);
      case "chmod" -> changeMode(words[1], words[2]);
      case "chown" -> changeOwner(words[1], words[2]);
      case "stat" -> stat(words[1]);
      case "list" -> list(words[1]);
      case "write" -> write(words);
      case "append" -> append(words[1], Long.parseLong(words[2]), Long.parseLong(words[3]));
      case "check" -> check(words[1], Long.parseLong(words[2]), Long.parseLong(words[3]));
      case "digest" -> digest(words[1]);
      case "bytes" -> bytes(words[1], Long.parseLong(words[2]), Integer.parseInt(words[3]));
      case "time-read" -> timed(() -> read(words[1]));
      case "time-write" -> timed(() -> writeZeros(words[1], Long.parseLong(words[2]), words.length > 3));
      case "restore" -> restore();
      default -> throw new IllegalArgumentException("unknown command");
    };
  }

  // ---- DataNodes ----

  private int number(String word) {
    int number = Integer.parseInt(word);
    if (number < 0 || number >= nodes.length) {
      throw new IllegalArgumentException("there is no DataNode " + number);
    }
    return number;
  }

  private void adopt(int number, DataNode node) throws Exception {
    nodes[number] = node;
    gates[number] = Gate.install(node);
    stopped[number] = null;
  }

  private String stopDataNode(int number) throws IOException {
    if (stopped[number] != null) {
      throw new IOException("DataNode " + number + " is stopped already");
    }
    stopped[number] = cluster.stopDataNode(nodes[number].getDatanodeId().getXferAddr());
    return "";
  }

  private String startDataNode(int number) throws Exception {
    if (stopped[number] == null) {
      throw new IOException("DataNode " + number + " runs already");
    }
    cluster.restartDataNode(stopped[number], true);
    // The cluster puts it at the end of its list.
    ArrayList<DataNode> running = cluster.getDataNodes();
    adopt(number, running.get(running.size() - 1));
    cluster.waitActive();
    return "";
  }

  private String freeze(int number, boolean freeze) {
    gates[number].freeze(freeze);
    return "";
  }

  private String traffic() {
    StringJoiner words = new StringJoiner(" ");
    for (int number = 0; number < nodes.length; number++) {
      boolean runs = stopped[number] == null;
      words.add((runs ? gates[number].sent() : 0) + " " + (runs ? gates[number].received() : 0));
    }
    return words.toString();
  }

  private List<Integer> firstBlock(String path) throws IOException {
    BlockLocation[] blocks = files.getFileBlockLocations(new Path(path), 0, 1);
    if (blocks.length == 0) {
      throw new IOException(path + " has no block");
    }
    List<String> addresses = Arrays.stream(nodes).map(node -> node.getDatanodeId().getXferAddr()).toList();
    return Arrays.stream(blocks[0].getNames()).map(addresses::indexOf).toList();
  }

  private String settled(String path) throws Exception {
    FileStatus status = files.getFileStatus(new Path(path));
    for (BlockLocation block : files.getFileBlockLocations(status, 0, status.getLen())) {
      while (replicas(path, block.getOffset()) < status.getReplication()) {
        Thread.sleep(20);
      }
    }
    return "";
  }

  private int replicas(String path, long offset) throws Exception {
    return files.getFileBlockLocations(new Path(path), offset, 1)[0].getNames().length;
  }

  private String locations(String path) throws IOException {
    StringJoiner words = new StringJoiner(" ");
    firstBlock(path).forEach(number -> words.add(String.valueOf(number)));
    return words.toString();
  }

  private String corrupt(String path) throws IOException {
    int number = firstBlock(path).get(0);
    cluster.corruptReplica(nodes[number], DFSTestUtil.getFirstBlock(files, new Path(path)));
    return String.valueOf(number);
  }

  // ---- NameNodes ----

  private boolean runs(int index) {
    return cluster.getNameNode(index) != null;
  }

  private int active() throws IOException {
    for (int index = 0; index < cluster.getNumNameNodes(); index++) {
      if (runs(index) && cluster.getNameNode(index).isActiveState()) {
        return index;
      }
    }
    throw new IOException("no NameNode is active");
  }

  private String failover(boolean abrupt) throws IOException {
    if (cluster.getNumNameNodes() < 2) {
      throw new IOException("there is one NameNode");
    }
    int former = active();
    int next = 1 - former;
    if (!runs(next)) {
      throw new IOException("the other NameNode is stopped");
    }
    if (abrupt) {
      cluster.shutdownNameNode(former);
    } else {
      cluster.transitionToStandby(former);
    }
    cluster.transitionToActive(next);
    return String.valueOf(next);
  }

  private String stopNameNode() throws IOException {
    int index = active();
    cluster.shutdownNameNode(index);
    return String.valueOf(index);
  }

  private String startNameNodes() throws IOException {
    for (int index = 0; index < cluster.getNumNameNodes(); index++) {
      if (!runs(index)) {
        cluster.restartNameNode(index, false);
      }
    }
    boolean isPair = cluster.getNumNameNodes() > 1;
    if (isPair && !cluster.getNameNode(0).isActiveState() && !cluster.getNameNode(1).isActiveState()) {
      cluster.transitionToActive(0);
    }
    cluster.waitActive();
    return "";
  }

  private String safeMode(boolean on) throws IOException {
    files.setSafeMode(on ? SafeModeAction.ENTER : SafeModeAction.LEAVE);
    return "";
  }

  private String restore() throws Exception {
    Arrays.stream(gates).forEach(gate -> gate.freeze(false));
    startNameNodes();
    for (int number = 0; number < nodes.length; number++) {
      if (stopped[number] != null) {
        startDataNode(number);
      }
    }
    return safeMode(false);
  }

  // ---- the tree ----

  private String quota(String path, String bytes) throws IOException {
    boolean clear = bytes.equals("clear");
    long space = clear ? HdfsConstants.QUOTA_RESET : Long.parseLong(bytes);
    files.setQuota(new Path(path), HdfsConstants.QUOTA_DONT_SET, space);
    return "";
  }

  private String openFiles() throws IOException {
    List<String> paths = new ArrayList<>();
    RemoteIterator<OpenFileEntry> entries = files.listOpenFiles();
    while (entries.hasNext()) {
      paths.add(entries.next().getFilePath());
    }
    return counted(paths);
  }

  private static String counted(List<String> words) {
    return words.isEmpty() ? "0" : words.size() + " " + String.join(" ", words);
  }

  private String done(boolean done, String path) throws IOException {
    if (!done) {
      throw new FileNotFoundException(path);
    }
    return "";
  }

  private String makeFolder(String path, String mode) throws IOException {
    files.mkdirs(new Path(path));
    return changeMode(path, mode);
  }

  private String changeMode(String path, String mode) throws IOException {
    files.setPermission(new Path(path), new FsPermission(Short.parseShort(mode, 8)));
    return "";
  }

  private String changeOwner(String path, String user) throws IOException {
    files.setOwner(new Path(path), user, null);
    return "";
  }

  private String stat(String path) throws IOException {
    FileStatus status = files.getFileStatus(new Path(path));
    return "type=" + (status.isDirectory() ? "directory" : "file")
        + " size=" + status.getLen()
        + " replication=" + status.getReplication()
        + " blocksize=" + status.getBlockSize()
        + " permission=" + Integer.toOctalString(status.getPermission().toShort())
        + " owner=" + status.getOwner()
        + " group=" + status.getGroup()
        + " mtime=" + status.getModificationTime();
  }

  private String list(String path) throws IOException {
    return counted(Arrays.stream(files.listStatus(new Path(path))).map(one -> one.getPath().getName()).sorted().toList());
  }

  // ---- what is in files ----

  private String write(String[] words) throws IOException {
    Path path = new Path(words[1]);
    long blockSize = words.length > 4 ? Long.parseLong(words[4]) : files.getDefaultBlockSize(path);
    short replication = words.length > 5 ? Short.parseShort(words[5]) : files.getDefaultReplication(path);
    ChecksumOpt checksum = words.length > 6 ? new ChecksumOpt(DataChecksum.Type.valueOf(words[6]), 512) : null;
    EnumSet<CreateFlag> flags = EnumSet.of(CreateFlag.CREATE, CreateFlag.OVERWRITE);
    FsPermission permission = FsPermission.getFileDefault();
    try (OutputStream output =
        files.create(path, permission, flags, 1 << 16, replication, blockSize, null, checksum)) {
      Pattern.write(output, Long.parseLong(words[3]), 0, Long.parseLong(words[2]));
    }
    return "";
  }

  private String append(String path, long size, long seed) throws IOException {
    try (FSDataOutputStream output = files.append(new Path(path))) {
      Pattern.write(output, seed, output.getPos(), size);
    }
    return "";
  }

  private String check(String path, long size, long seed) throws Exception {
    try (InputStream input = files.open(new Path(path))) {
      return Pattern.check(input, seed, size);
    }
  }

  private String digest(String path) throws Exception {
    try (InputStream input = files.open(new Path(path))) {
      return files.getFileStatus(new Path(path)).getLen() + " " + Pattern.digest(input);
    }
  }

  private String bytes(String path, long offset, int count) throws IOException {
    try (FSDataInputStream input = files.open(new Path(path))) {
      input.seek(offset);
      return HexFormat.of().formatHex(input.readNBytes(count));
    }
  }

  // ---- how long Hadoop's client takes ----

  private interface Timed {
    void run() throws IOException;
  }

  private String timed(Timed work) throws IOException {
    long begin = System.nanoTime();
    work.run();
    return String.valueOf(System.nanoTime() - begin);
  }

  private void read(String path) throws IOException {
    byte[] piece = new byte[TIMED_PIECE];
    try (InputStream input = files.open(new Path(path), TIMED_PIECE)) {
      while (input.read(piece) >= 0) {
        continue;
      }
    }
  }

  private void writeZeros(String path, long size, boolean synced) throws IOException {
    byte[] piece = new byte[TIMED_PIECE];
    EnumSet<CreateFlag> flags = EnumSet.of(CreateFlag.CREATE, CreateFlag.OVERWRITE);
    if (synced) {
      flags.add(CreateFlag.SYNC_BLOCK);
    }
    short replication = files.getDefaultReplication();
    long blockSize = files.getDefaultBlockSize();
    try (OutputStream output = files.create(
        new Path(path), FsPermission.getFileDefault(), flags, TIMED_PIECE, replication, blockSize, null)) {
      for (long done = 0; done < size; done += TIMED_PIECE) {
        output.write(piece, 0, (int) Math.min(TIMED_PIECE, size - done));
      }
    }
  }
}
