package dev.culvert.overlay.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InternetChecksumTest {
    private final Random random = new Random(7348);

    @Test
    void agreesWithTheTextbookSumForEveryLengthAndAlignment() {
        for (int length = 0; length < 300; length++) {
            for (int offset = 0; offset < 9; offset++) {
                byte[] bytes = new byte[offset + length];
                random.nextBytes(bytes);
                MemorySegment memory = MemorySegment.ofArray(bytes);

                MemorySegment stored = MemorySegment.ofArray(new byte[2]);
                InternetChecksum.store(stored, 0, InternetChecksum.sum(memory, offset, length, 0));

                assertThat(NetworkOrder.u16(stored, 0))
                        .as("length %d offset %d", length, offset)
                        .isEqualTo(textbook(bytes, offset, length));
            }
        }
    }

    @Test
    void carriesSurviveTheLargestPacketOfOnes() {
        byte[] bytes = new byte[65_535];
        Arrays.fill(bytes, (byte) 0xff);
        MemorySegment memory = MemorySegment.ofArray(bytes);
        MemorySegment stored = MemorySegment.ofArray(new byte[2]);

        InternetChecksum.store(
                stored, 0, InternetChecksum.sum(memory, 0, bytes.length, 0xffff_ffffL));

        assertThat(NetworkOrder.u16(stored, 0)).isEqualTo(textbook(bytes, 0, bytes.length));
    }

    @Test
    void aUdpChecksumIsNeverZero() {
        MemorySegment stored = MemorySegment.ofArray(new byte[2]);

        InternetChecksum.storeUdp(stored, 0, 0xffff);

        assertThat(NetworkOrder.u16(stored, 0)).isEqualTo(0xffff);
    }

    @Test
    void addsNumbersAsTheyStandInAPacket() {
        MemorySegment pair = MemorySegment.ofArray(new byte[] {0x12, 0x34});

        assertThat(InternetChecksum.fold(InternetChecksum.addNumber(0, 0x1234)))
                .isEqualTo(InternetChecksum.fold(InternetChecksum.sum(pair, 0, 2, 0)));
    }

    /** RFC 1071, section 4.1, word by word. */
    private static int textbook(byte[] bytes, int offset, int length) {
        long sum = 0;
        for (int i = 0; i < length; i += 2) {
            int high = bytes[offset + i] & 0xff;
            int low = i + 1 < length ? bytes[offset + i + 1] & 0xff : 0;
            sum += (high << 8) | low;
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return (int) ~sum & 0xffff;
    }
}
