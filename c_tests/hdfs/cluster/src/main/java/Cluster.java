import java.io.BufferedReader;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.commons.io.FileUtils;

/**
 * A Hadoop cluster in one process, driven through standard input and output.
 *
 * <p>{@code java Cluster KIND FOLDER} starts a cluster of a kind (see {@link Setup}) whose files are all in the folder. When
 * it is ready it prints one line, {@code ready}, followed by {@code key=value} fields, all separated by tabs. Then it
 * answers every line of standard input by one line, {@code ok ...} or {@code error ...}; see {@link Commands}. It ends with
 * its standard input: whoever started it may die at any time.
 */
public final class Cluster {
  private static final BlockingQueue<String> LINES = new LinkedBlockingQueue<>();

  public static void main(String[] arguments) throws Exception {
    File folder = new File(arguments[1]).getCanonicalFile();
    File log = new File(folder, "log");
    System.setProperty("cluster.log", log.getPath());
    PrintStream answers = System.out;
    // Nothing else may speak there.
    PrintStream said = new PrintStream(new FileOutputStream(new File(folder, "said")), true, StandardCharsets.UTF_8);
    System.setOut(said);
    System.setErr(said);
    startReading(folder);
    try {
      Setup setup = Setup.start(arguments[0], folder);
      Commands commands = new Commands(setup);
      answers.println("ready\t" + setup.description());
      answer(commands, answers);
    } catch (Throwable failure) {
      failure.printStackTrace();
      answers.println("error " + Commands.oneLine(failure));
      end(folder, 1);
    }
  }

  /** From the start, and beside everything else: no command and no start that hangs outlives standard input. */
  private static void startReading(File folder) {
    Thread reader = new Thread(() -> {
      try (BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
        for (String line = input.readLine(); line != null && !line.equals("exit"); line = input.readLine()) {
          LINES.add(line);
        }
      } catch (IOException failure) {
        failure.printStackTrace();
      }
      end(folder, 0);
    }, "commands");
    reader.setDaemon(true);
    reader.start();
  }

  private static void answer(Commands commands, PrintStream answers) throws InterruptedException {
    while (true) {
      String line = LINES.take();
      answers.println(commands.run(line));
    }
  }

  /** At once: the cluster's own way out takes long, and may hang. */
  private static void end(File folder, int status) {
    Thread watchdog = new Thread(() -> {
      sleep(5000);
      Runtime.getRuntime().halt(status);
    }, "watchdog");
    watchdog.setDaemon(true);
    watchdog.start();
    // The data are large; the log and the configuration stay for whoever wants to know what happened.
    FileUtils.deleteQuietly(new File(folder, Setup.DATA));
    Runtime.getRuntime().halt(status);
  }

  static void sleep(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private Cluster() {}
}
