package dev.culvert.overlay.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.overlay.model.ModelGro;
import dev.culvert.overlay.model.ModelPacket;
import dev.culvert.overlay.model.ModelSegmenter;
import dev.culvert.overlay.model.Traffic;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** What is put together, and cut again as the kernel would, is what came in. */
class CoalescerModelTest {
    private final CoalescerAdapter coalescer = new CoalescerAdapter(true);

    @Provide
    Arbitrary<Traffic> traffic() {
        return Traffic.any();
    }

    @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
    void everyFlowKeepsItsPacketsAndTheirOrder(
            @ForAll("traffic") Traffic traffic, @ForAll @IntRange(max = 3) int seeded) {
        List<byte[]> in = PacketLists.seeded(traffic.packets(), seeded);

        List<byte[]> out =
                coalescer.write(in).stream()
                        .flatMap(written -> ModelSegmenter.cut(written).stream())
                        .toList();

        assertThat(PacketLists.byFlow(out)).isEqualTo(PacketLists.byFlow(PacketLists.read(in)));
    }

    @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
    void putsTogetherOnlyWhatTheKernelWould(
            @ForAll("traffic") Traffic traffic, @ForAll @IntRange(max = 3) int seeded) {
        List<byte[]> in = traffic.packets();
        Map<String, List<ModelPacket>> left = new LinkedHashMap<>();
        for (ModelPacket packet : PacketLists.whole(in)) {
            left.computeIfAbsent(packet.flow(), _ -> new ArrayList<>()).add(packet);
        }

        for (byte[] written : coalescer.write(PacketLists.seeded(in, seeded))) {
            List<byte[]> cut = ModelSegmenter.cut(written);
            List<ModelPacket> queue =
                    left.getOrDefault(ModelPacket.of(cut.getFirst()).flow(), new ArrayList<>());
            List<ModelPacket> held = new ArrayList<>(List.of(queue.removeFirst()));
            for (int i = 1; i < cut.size(); i++) {
                ModelPacket next = queue.removeFirst();
                assertThat(ModelGro.joins(held, next)).as("%s with %s", held, next).isTrue();
                held.add(next);
            }
        }
    }

    @Property(tries = 200)
    void putsACleanFlowTogether(
            @ForAll boolean ipv4,
            @ForAll boolean tcp,
            @ForAll @IntRange(min = 1, max = 1398) int mss,
            @ForAll @IntRange(min = 2, max = 46) int count,
            @ForAll @IntRange(max = 3) int seeded) {
        List<byte[]> in = Traffic.clean(ipv4, tcp, mss, count);

        List<byte[]> written = coalescer.write(PacketLists.seeded(in, seeded));

        assertThat(written).hasSize(1);
        assertThat(PacketLists.byFlow(ModelSegmenter.cut(written.getFirst())))
                .isEqualTo(PacketLists.byFlow(in));
    }

    @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
    void writesEachOfSeveralCleanFlowsAtOnce(
            @ForAll @IntRange(min = 2, max = 16) int flows,
            @ForAll @IntRange(min = 2, max = 40) int count,
            @ForAll @IntRange(min = 1, max = 1398) int mss,
            @ForAll @IntRange(max = 3) int seeded,
            @ForAll long seed) {
        List<byte[]> in = Traffic.interleaved(flows, count, mss, seed);

        List<byte[]> written = coalescer.write(PacketLists.seeded(in, seeded));

        assertThat(written).hasSize(flows);
        List<byte[]> out =
                written.stream().flatMap(each -> ModelSegmenter.cut(each).stream()).toList();
        assertThat(PacketLists.byFlow(out)).isEqualTo(PacketLists.byFlow(in));
    }

    @Property(tries = 50, edgeCases = EdgeCasesMode.NONE)
    void leavesUdpAloneWhereTheKernelTakesNoUdpSuperPackets(@ForAll("traffic") Traffic traffic) {
        List<byte[]> in = traffic.packets();

        List<byte[]> out = new ArrayList<>();
        for (byte[] written : new CoalescerAdapter(false).write(in)) {
            List<byte[]> cut = ModelSegmenter.cut(written);
            assertThat(cut.size() == 1 || cut.getFirst()[cut.getFirst()[0] == 0x45 ? 9 : 6] == 6)
                    .as("only TCP is together")
                    .isTrue();
            out.addAll(cut);
        }

        assertThat(PacketLists.byFlow(out)).isEqualTo(PacketLists.byFlow(in));
    }
}
