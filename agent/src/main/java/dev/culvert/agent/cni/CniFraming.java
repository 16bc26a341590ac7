package dev.culvert.agent.cni;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The protocol between the CNI executable and the agent, one request and one answer a connection;
 * the other end is {@code cni/src/culvert-cni.c}. Numbers are unsigned, 32 bits, big endian.
 * Stateless, any thread.
 *
 * <pre>
 * request:  "CVR1"  payload length  payload
 * payload:  KEY=VALUE NUL ... NUL  stdin        (an empty string ends the variables)
 * answer:   "CVA1"  exit status  length  bytes for stdout
 * </pre>
 *
 * <p>The variables are all CNI_* of the environment and, when CNI_NETNS could not be opened, {@code
 * CULVERT_NETNS_ERROR} with the errno. Otherwise the open namespace travels with the first byte
 * ({@code SCM_RIGHTS}).
 */
final class CniFraming {
    static final int HEADER_BYTES = 8;

    /** The executable's limit for stdin and room for the environment. */
    static final int MAX_PAYLOAD_BYTES = 2 * 1024 * 1024;

    private static final byte[] REQUEST = "CVR1".getBytes(US_ASCII);
    private static final byte[] ANSWER = "CVA1".getBytes(US_ASCII);

    /** Bytes that are no request. */
    static final class MalformedException extends IOException {
        MalformedException(String message) {
            super(message);
        }
    }

    /** What the executable was started with. */
    record Message(Map<String, String> environment, String stdin) {}

    private CniFraming() {}

    /**
     * Reads one request.
     *
     * @throws MalformedException if the bytes are no request
     * @throws EOFException if they end too early
     */
    static Message read(InputStream from) throws IOException {
        int length = payloadLength(exactly(from, HEADER_BYTES));
        return decode(exactly(from, length));
    }

    private static byte[] exactly(InputStream from, int length) throws IOException {
        byte[] bytes = from.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException(
                    "the request ends after %d of %d bytes".formatted(bytes.length, length));
        }
        return bytes;
    }

    private static int payloadLength(byte[] header) throws MalformedException {
        if (!Arrays.equals(REQUEST, 0, 4, header, 0, 4)) {
            throw new MalformedException("the request does not start with CVR1");
        }
        int length = ByteBuffer.wrap(header).getInt(4);
        if (length < 0 || length > MAX_PAYLOAD_BYTES) {
            throw new MalformedException(
                    "the request is %d bytes long; the limit is %d"
                            .formatted(Integer.toUnsignedLong(length), MAX_PAYLOAD_BYTES));
        }
        return length;
    }

    /** Takes a payload apart. */
    static Message decode(byte[] payload) throws MalformedException {
        Map<String, String> environment = new LinkedHashMap<>();
        int start = 0;
        while (true) {
            int end = start;
            while (end < payload.length && payload[end] != 0) {
                end++;
            }
            if (end == payload.length) {
                throw new MalformedException("the request's variables do not end");
            }
            if (end == start) {
                return new Message(
                        environment, new String(payload, end + 1, payload.length - end - 1, UTF_8));
            }
            String variable = new String(payload, start, end - start, UTF_8);
            int equals = variable.indexOf('=');
            if (equals < 1) {
                throw new MalformedException("'" + variable + "' is no KEY=VALUE");
            }
            environment.put(variable.substring(0, equals), variable.substring(equals + 1));
            start = end + 1;
        }
    }

    /** The frame of a request. */
    static byte[] request(byte[] payload) {
        return ByteBuffer.allocate(REQUEST.length + Integer.BYTES + payload.length)
                .put(REQUEST)
                .putInt(payload.length)
                .put(payload)
                .array();
    }

    /** Whether these first bytes of an answer say that the request was carried out. */
    static boolean isSuccess(byte[] header, int length) {
        return length == HEADER_BYTES
                && Arrays.equals(ANSWER, 0, 4, header, 0, 4)
                && ByteBuffer.wrap(header).getInt(4) == 0;
    }

    /** The frame of an answer. */
    static byte[] answer(int exitStatus, String stdout) {
        byte[] text = stdout.getBytes(UTF_8);
        return ByteBuffer.allocate(ANSWER.length + 2 * Integer.BYTES + text.length)
                .put(ANSWER)
                .putInt(exitStatus)
                .putInt(text.length)
                .put(text)
                .array();
    }
}
