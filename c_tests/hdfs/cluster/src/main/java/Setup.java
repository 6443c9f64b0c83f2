import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.hdfs.MiniDFSNNTopology;
import org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider;
import org.apache.hadoop.minikdc.MiniKdc;
import org.apache.hadoop.security.UserGroupInformation;

/**
 * The kinds of clusters, each with three DataNodes on 127.0.0.1:
 *
 * <ul>
 *   <li>{@code single}: one NameNode, and a view of it: {@code viewfs://view/mounted} is {@code /behind}, all else is in
 *       {@code /fallback}.
 *   <li>{@code ha}: two NameNodes, of which the first is active, with the name {@code hdfs://ha}.
 *   <li>{@code kerberos}: one NameNode, a key distribution centre, everything encrypted; {@code kerberos-integrity} and
 *       {@code kerberos-authentication} protect less.
 * </ul>
 */
final class Setup {
  /** Below the folder: what NameNodes and DataNodes store. */
  static final String DATA = "data";

  static final int DATA_NODES = 3;
  private static final List<String> KINDS =
      List.of("single", "ha", "kerberos", "kerberos-integrity", "kerberos-authentication");
  private static final String REALM = "EXAMPLE.COM";
  private static final String SERVICE = "hdfs/localhost";
  private static final String NAMESERVICE = "ha";

  final MiniDFSCluster cluster;
  final DistributedFileSystem files;
  private final Map<String, String> fields = new LinkedHashMap<>();

  static Setup start(String kind, File folder) throws Exception {
    if (!KINDS.contains(kind)) {
      throw new IllegalArgumentException(kind + " is none of " + KINDS);
    }
    return new Setup(kind, folder);
  }

  private Setup(String kind, File folder) throws Exception {
    Configuration client = new Configuration(false);
    Configuration server = new Configuration();
    // With three nodes there is none to take the place of one that died.
    client.setBoolean("dfs.client.block.write.replace-datanode-on-failure.best-effort", true);
    if (kind.startsWith("kerberos")) {
      startKerberos(kind, folder, client, server);
    }
    client.forEach(entry -> server.set(entry.getKey(), entry.getValue()));
    cluster = build(kind, folder, server);
    if (kind.equals("ha")) {
      describePair(client);
    } else {
      describeSingle(client);
    }
    client.forEach(entry -> server.set(entry.getKey(), entry.getValue()));
    // The client of the commands leaves a DataNode that says nothing sooner than others would, and tries all of them twice.
    server.setInt("dfs.client.socket-timeout", 4000);
    server.setInt("dfs.client.retry.window.base", 100);
    server.setInt("dfs.client.max.block.acquire.failures", 1);
    files = (DistributedFileSystem) new Path(fields.get("uri")).getFileSystem(server);
    writeConfiguration(client, new File(folder, "conf"));
    makeFolder("/tmp", 01777);
    makeFolder("/behind", 0777);
    makeFolder("/fallback", 0777);
  }

  /** What a client has to know, as {@code key=value} fields. */
  String description() {
    return fields.entrySet().stream()
        .map(entry -> entry.getKey() + "=" + entry.getValue())
        .collect(Collectors.joining("\t"));
  }

  private static MiniDFSCluster build(String kind, File folder, Configuration server) throws IOException {
    server.set("hadoop.tmp.dir", new File(folder, DATA + "/tmp").getPath());
    // No program is asked for the groups of users: only the superuser and the owner of a file are somebody here.
    server.set("hadoop.security.group.mapping", "org.apache.hadoop.security.NullGroupsMapping");
    server.setInt("dfs.namenode.fs-limits.min-block-size", 4096);
    // A dead DataNode is known to be dead after 14 seconds, not ten minutes.
    server.setInt("dfs.heartbeat.interval", 1);
    server.setInt("dfs.namenode.heartbeat.recheck-interval", 2000);
    server.setInt("dfs.ha.tail-edits.period", 1);
    MiniDFSCluster.Builder builder = new MiniDFSCluster.Builder(server, new File(folder, DATA)).numDataNodes(DATA_NODES);
    builder.storagesPerDatanode(1).checkExitOnShutdown(false);
    if (kind.equals("ha")) {
      MiniDFSNNTopology.NSConf pair = new MiniDFSNNTopology.NSConf(NAMESERVICE);
      pair.addNN(new MiniDFSNNTopology.NNConf("nn1")).addNN(new MiniDFSNNTopology.NNConf("nn2"));
      builder.nnTopology(new MiniDFSNNTopology().addNameservice(pair));
    }
    MiniDFSCluster cluster = builder.build();
    if (kind.equals("ha")) {
      cluster.transitionToActive(0);
    }
    cluster.waitActive();
    return cluster;
  }

  private void describeSingle(Configuration client) {
    URI uri = cluster.getURI(0);
    client.set("fs.defaultFS", uri.toString());
    client.set("fs.viewfs.mounttable.view.link./mounted", uri + "/behind");
    client.set("fs.viewfs.mounttable.view.linkFallback", uri + "/fallback");
    fields.put("uri", uri.toString());
    fields.put("namenodes", uri.toString());
  }

  private void describePair(Configuration client) {
    String uri = "hdfs://" + NAMESERVICE;
    client.set("fs.defaultFS", uri);
    client.set("dfs.nameservices", NAMESERVICE);
    client.set("dfs.ha.namenodes." + NAMESERVICE, "nn1,nn2");
    client.set("dfs.client.failover.proxy.provider." + NAMESERVICE, ConfiguredFailoverProxyProvider.class.getName());
    for (int index = 0; index < 2; index++) {
      String address = cluster.getURI(index).getAuthority();
      client.set("dfs.namenode.rpc-address." + NAMESERVICE + ".nn" + (index + 1), address);
    }
    fields.put("uri", uri);
    fields.put("namenodes", cluster.getURI(0) + "," + cluster.getURI(1));
  }

  /** A centre with the service's principal and two users', {@code client} and {@code stranger}. */
  private void startKerberos(String kind, File folder, Configuration client, Configuration server) throws Exception {
    MiniKdc centre = new MiniKdc(MiniKdc.createConf(), new File(folder, "kdc"));
    centre.start();
    File serviceKeys = new File(folder, "service.keytab");
    File userKeys = new File(folder, "user.keytab");
    centre.createPrincipal(serviceKeys, SERVICE, "HTTP/localhost");
    centre.createPrincipal(userKeys, "client", "stranger");
    File settings = new File(folder, "krb5.conf");
    Files.writeString(settings.toPath(), kerberosSettings(centre.getPort()));
    fields.put("krb5_conf", settings.getPath());
    fields.put("keytab", userKeys.getPath());
    fields.put("principal", "client@" + REALM);

    String protection = kind.equals("kerberos") ? "privacy" : kind.substring("kerberos-".length());
    String service = SERVICE + "@" + REALM;
    client.set("hadoop.security.authentication", "kerberos");
    client.set("hadoop.security.authorization", "true");
    client.set("hadoop.rpc.protection", protection);
    client.set("dfs.data.transfer.protection", protection);
    // What a client that does not offer it gets is 3DES, at 2 MB a second.
    client.set("dfs.encrypt.data.transfer.cipher.suites", "AES/CTR/NoPadding");
    client.set("dfs.namenode.kerberos.principal", service);
    client.set("dfs.datanode.kerberos.principal", service);
    server.set("dfs.namenode.keytab.file", serviceKeys.getPath());
    server.set("dfs.datanode.keytab.file", serviceKeys.getPath());
    server.set("dfs.web.authentication.kerberos.principal", "HTTP/localhost@" + REALM);
    server.set("dfs.web.authentication.kerberos.keytab", serviceKeys.getPath());
    server.setBoolean("dfs.block.access.token.enable", true);
    // Ports below 1024 would take root.
    server.setBoolean("ignore.secure.ports.for.testing", true);
    client.forEach(entry -> server.set(entry.getKey(), entry.getValue()));
    UserGroupInformation.setConfiguration(server);
    UserGroupInformation.loginUserFromKeytab(service, serviceKeys.getPath());
  }

  private static String kerberosSettings(int port) {
    return """
        [libdefaults]
          default_realm = %1$s
          dns_canonicalize_hostname = false
          dns_lookup_kdc = false
          dns_lookup_realm = false
          rdns = false
          udp_preference_limit = 1

        [realms]
          %1$s = {
            kdc = localhost:%2$d
          }

        [domain_realm]
          localhost = %1$s
        """.formatted(REALM, port);
  }

  /** As clients look for it: what begins with {@code dfs.} in a file of its own. */
  private void writeConfiguration(Configuration client, File folder) throws IOException {
    Files.createDirectories(folder.toPath());
    Configuration core = new Configuration(false);
    Configuration hdfs = new Configuration(false);
    client.forEach(entry -> (entry.getKey().startsWith("dfs.") ? hdfs : core).set(entry.getKey(), entry.getValue()));
    for (Map.Entry<String, Configuration> file : Map.of("core-site.xml", core, "hdfs-site.xml", hdfs).entrySet()) {
      try (OutputStream output = new FileOutputStream(new File(folder, file.getKey()))) {
        file.getValue().writeXml(output);
      }
    }
    fields.put("conf", folder.getPath());
    fields.put("user", UserGroupInformation.getLoginUser().getShortUserName());
  }

  private void makeFolder(String path, int mode) throws IOException {
    files.mkdirs(new Path(path));
    files.setPermission(new Path(path), new FsPermission((short) mode));
  }
}
