package dev.culvert.linux.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

final class NetlinkSocketTest {
    private static final int ERROR = 2;
    private static final int DONE = 3;
    private static final int NEWLINK = 16;
    private static final int MULTI = 2;
    private static final int INTERRUPTED = 0x10;
    private static final int CAPPED_WITH_ATTRIBUTES = 0x300;

    private final Script script = new Script();
    private final NetlinkSocket socket = new NetlinkSocket(script);

    /** Answers each request with the next of the prepared datagrams. */
    private static final class Script implements NetlinkTransport {
        private final Queue<IntFunction<byte[]>> answers = new ArrayDeque<>();
        private int sequence;
        private int sent;

        @Override
        public void send(byte[] datagram) {
            sequence = ByteBuffer.wrap(datagram).order(ByteOrder.nativeOrder()).getInt(8);
            sent++;
        }

        @Override
        public byte[] receive() throws LinuxException {
            IntFunction<byte[]> answer = answers.poll();
            if (answer == null) {
                throw new LinuxException("recvmsg", Errno.ENOBUFS, "script");
            }
            return answer.apply(sequence);
        }

        @Override
        public void close() {}
    }

    private static byte[] message(int type, int flags, int sequence, byte[] payload) {
        return ByteBuffer.allocate(16 + payload.length)
                .order(ByteOrder.nativeOrder())
                .putInt(16 + payload.length)
                .putShort((short) type)
                .putShort((short) flags)
                .putInt(sequence)
                .putInt(0)
                .put(payload)
                .array();
    }

    private static byte[] number(int value) {
        return ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(value).array();
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static IntFunction<byte[]> dump(int flags) {
        return sequence ->
                join(
                        message(NEWLINK, flags, sequence, new byte[16]),
                        message(DONE, MULTI, sequence, number(0)));
    }

    private static NetlinkRequest dumpRequest() {
        return NetlinkRequest.dump(18, "links");
    }

    @Test
    void repeatsInterruptedDump() throws Exception {
        script.answers.add(dump(MULTI | INTERRUPTED));
        script.answers.add(dump(MULTI));
        assertThat(socket.exchange(dumpRequest())).hasSize(1);
        assertThat(script.sent).isEqualTo(2);
    }

    @Test
    void givesUpOnDumpThatIsAlwaysInterrupted() {
        for (int i = 0; i < 100; i++) {
            script.answers.add(dump(MULTI | INTERRUPTED));
        }
        assertThatExceptionOfType(LinuxException.class)
                .isThrownBy(() -> socket.exchange(dumpRequest()))
                .withMessageContaining("links kept changing")
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EINTR));
        assertThat(script.sent).isEqualTo(20);
    }

    @Test
    void ignoresAnswersToEarlierRequests() throws Exception {
        script.answers.add(sequence -> message(NEWLINK, MULTI, sequence - 1, new byte[16]));
        script.answers.add(dump(MULTI));
        assertThat(socket.exchange(dumpRequest())).hasSize(1);
    }

    @Test
    void quotesTheKernel() {
        byte[] words = new AttributeWriter().text(1, "Device is unwell").toByteArray();
        script.answers.add(
                sequence ->
                        message(
                                ERROR,
                                CAPPED_WITH_ATTRIBUTES,
                                sequence,
                                join(number(-Errno.EBUSY.number()), new byte[16], words)));
        assertThatExceptionOfType(LinuxException.class)
                .isThrownBy(() -> socket.exchange(NetlinkRequest.of(16, 0, "create x")))
                .withMessageContaining("create x, the kernel says: Device is unwell")
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY));
    }

    @Test
    void reportsLostAnswerOfChange() {
        assertThatExceptionOfType(LinuxException.class)
                .isThrownBy(() -> socket.exchange(NetlinkRequest.of(16, 0, "create x")))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOBUFS));
    }

    @Test
    void refusesTruncatedMessage() {
        script.answers.add(
                sequence -> {
                    byte[] whole = message(NEWLINK, MULTI, sequence, new byte[16]);
                    return java.util.Arrays.copyOf(whole, whole.length - 4);
                });
        assertThatExceptionOfType(LinuxException.class)
                .isThrownBy(() -> socket.exchange(dumpRequest()))
                .withMessageContaining("malformed answer");
    }

    @Test
    void writesAttributesPaddedToFourBytes() {
        byte[] bytes =
                new AttributeWriter()
                        .text(3, "lo")
                        .nested(18, inner -> inner.u8(1, 7))
                        .toByteArray();
        byte[] little = {
            7, 0, 3, 0, 'l', 'o', 0, 0, 12, 0, 18, (byte) 0x80, 5, 0, 1, 0, 7, 0, 0, 0
        };
        assertThat(ByteOrder.nativeOrder()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
        assertThat(bytes).isEqualTo(little);
    }

    @Test
    void growsAndReadsBackWhatItWrote() throws Exception {
        String text = "x".repeat(3000);
        byte[] bytes =
                new AttributeWriter()
                        .u32(1, 0xcafebabe)
                        .nested(2, inner -> inner.text(3, text))
                        .toByteArray();
        AttributeReader reader = AttributeReader.parse(ByteBuffer.wrap(bytes));
        assertThat(reader.u32(1, 0)).isEqualTo(0xcafebabe);
        assertThat(reader.nested(2).text(3)).isEqualTo(text);
        assertThat(reader.has(4)).isFalse();
    }

    @Test
    void refusesAttributeThatIsLongerThanTheMessage() {
        byte[] bytes = new AttributeWriter().u32(1, 2).toByteArray();
        bytes[0] = 60;
        assertThatExceptionOfType(LinuxException.class)
                .isThrownBy(() -> AttributeReader.parse(ByteBuffer.wrap(bytes)))
                .withMessageContaining("attribute 1 says 60 bytes of the 8 that are left");
    }

    @Test
    void refusesNumberOfWrongSize() throws Exception {
        byte[] bytes =
                new AttributeWriter()
                        .bytes(1, "abc".getBytes(StandardCharsets.UTF_8))
                        .toByteArray();
        AttributeReader reader = AttributeReader.parse(ByteBuffer.wrap(bytes));
        assertThatExceptionOfType(LinuxException.class)
                .isThrownBy(() -> reader.u32(1, 0))
                .withMessageContaining("attribute 1 has 3 bytes, not 4");
    }
}
