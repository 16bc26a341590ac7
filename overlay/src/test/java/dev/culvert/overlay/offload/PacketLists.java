package dev.culvert.overlay.offload;

import dev.culvert.overlay.model.ModelPacket;
import dev.culvert.overlay.model.ModelReceiver;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/** Lists of packets in a form in which they can be compared, and read when they differ. */
final class PacketLists {
    private static final int HEADER_BYTES = 72;

    private PacketLists() {}

    /** The whole packets. */
    static List<ModelPacket> whole(List<byte[]> packets) {
        return packets.stream().filter(ModelPacket::isWhole).map(ModelPacket::of).toList();
    }

    /** The whole packets, as a stack reads them that takes a seed for an unfinished checksum. */
    static List<byte[]> read(List<byte[]> packets) {
        return packets.stream().filter(ModelPacket::isWhole).map(ModelReceiver::read).toList();
    }

    /**
     * The same packets, of which some have only seeded checksums now.
     *
     * @param one one in so many; 0 for none
     */
    static List<byte[]> seeded(List<byte[]> packets, int one) {
        List<byte[]> result = new ArrayList<>();
        for (byte[] packet : packets) {
            boolean chosen = one > 0 && result.size() % one == 0 && ModelPacket.isWhole(packet);
            result.add(chosen ? ModelReceiver.seeded(packet) : packet);
        }
        return result;
    }

    /** What each flow carries, in order. */
    static Map<String, List<String>> byFlow(List<byte[]> packets) {
        Map<String, List<String>> flows = new LinkedHashMap<>();
        for (ModelPacket packet : whole(packets)) {
            flows.computeIfAbsent(packet.flow(), _ -> new ArrayList<>())
                    .add(summary(packet.comparable()));
        }
        return flows;
    }

    /** The headers in full, and what tells one payload from another. */
    private static String summary(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        String headers = HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, HEADER_BYTES));
        return "%s… %d bytes, %08x".formatted(headers, bytes.length, crc.getValue());
    }
}
