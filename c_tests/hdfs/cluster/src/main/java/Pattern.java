import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Bytes that follow from a seed and their offset: word number i, of eight bytes with the lowest first, is the i-th that
 * splitmix64 gives when it starts from the seed. {@code cluster.h} has the same.
 */
final class Pattern {
  private static final int PIECE = 1 << 20;
  private static final long STEP = 0x9E3779B97F4A7C15L;

  /** The bytes of a file that begins with the pattern, from an offset on. */
  static byte[] bytes(long seed, long offset, int length) {
    int skipped = (int) (offset % 8);
    int words = (skipped + length + 7) / 8;
    ByteBuffer buffer = ByteBuffer.allocate(8 * words).order(ByteOrder.LITTLE_ENDIAN);
    for (int index = 0; index < words; index++) {
      buffer.putLong(word(seed, offset / 8 + index));
    }
    return Arrays.copyOfRange(buffer.array(), skipped, skipped + length);
  }

  private static long word(long seed, long index) {
    long z = seed + (index + 1) * STEP;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  static void write(OutputStream output, long seed, long offset, long size) throws IOException {
    for (long done = 0; done < size; done += PIECE) {
      output.write(bytes(seed, offset + done, (int) Math.min(PIECE, size - done)));
    }
  }

  /** Reads to the end; the SHA-256 of what was read. */
  static String check(InputStream input, long seed, long size) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    byte[] piece = new byte[PIECE];
    long offset = 0;
    for (int count = input.readNBytes(piece, 0, PIECE); count > 0; count = input.readNBytes(piece, 0, PIECE)) {
      int wrong = Arrays.mismatch(piece, 0, count, bytes(seed, offset, count), 0, count);
      if (wrong >= 0) {
        throw new IOException("another byte at " + (offset + wrong));
      }
      digest.update(piece, 0, count);
      offset += count;
    }
    if (offset != size) {
      throw new IOException("has " + offset + " bytes, not " + size);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  static String digest(InputStream input) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    byte[] piece = new byte[PIECE];
    for (int count = input.read(piece); count >= 0; count = input.read(piece)) {
      digest.update(piece, 0, count);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private Pattern() {}
}
