package dev.culvert.overlay.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/**
 * Packets of several flows, interleaved, as they might arrive one behind the other. Made from a
 * list of steps, so that a failing example shrinks to the few that matter.
 *
 * @param steps what was sent
 */
public record Traffic(List<Step> steps) {
    private static final int FLOWS = 8;
    private static final int[] MSS = {1398, 1378, 536, 1, 1001, 100};

    /**
     * A burst of one flow.
     *
     * @param flow which
     * @param size payload bytes of each packet; negative for the flow's usual size
     * @param count how many packets
     * @param twist what is unusual about the last of them
     */
    public record Step(int flow, int size, int count, Twist twist) {}

    /** Any traffic. */
    public static Arbitrary<Traffic> any() {
        Arbitrary<Integer> flow = Arbitraries.integers().between(0, FLOWS - 1);
        Arbitrary<Integer> size =
                Arbitraries.frequencyOf(
                        Tuple.of(9, Arbitraries.just(-1)),
                        Tuple.of(3, Arbitraries.integers().between(0, 1460)));
        Arbitrary<Integer> count =
                Arbitraries.frequencyOf(
                        Tuple.of(9, Arbitraries.integers().between(1, 4)),
                        Tuple.of(1, Arbitraries.integers().between(40, 140)));
        Arbitrary<Twist> twist =
                Arbitraries.frequencyOf(
                        Tuple.of(1, Arbitraries.just(Twist.PLAIN)),
                        Tuple.of(2, Arbitraries.of(Twist.class)));
        return Combinators.combine(flow, size, count, twist)
                .as(Step::new)
                .list()
                .ofMaxSize(40)
                .map(Traffic::new);
    }

    /** The packets. */
    public List<byte[]> packets() {
        List<ModelFlow> flows = new ArrayList<>();
        for (int i = 0; i < FLOWS; i++) {
            flows.add(flow(i));
        }
        List<byte[]> result = new ArrayList<>();
        for (Step step : steps) {
            ModelFlow flow = flows.get(step.flow());
            int size = step.size() < 0 ? flow.mss() : step.size();
            for (int i = 1; i < step.count(); i++) {
                result.addAll(flow.next(size, Twist.PLAIN));
            }
            result.addAll(flow.next(size, step.twist()));
        }
        return result;
    }

    /** TCP and UDP over both families, and one flow of another protocol. */
    private static ModelFlow flow(int number) {
        int protocol =
                switch (number) {
                    case 0, 1, 2, 3 -> ModelPacket.TCP;
                    case 4, 5, 6 -> ModelPacket.UDP;
                    default -> -1;
                };
        boolean ipv4 = number == 0 || number == 2 || number == 4 || number == 6 || number == 7;
        return new ModelFlow(number, ipv4, protocol, MSS[number % MSS.length]);
    }

    /** {@code count} packets of one flow with nothing unusual about them. */
    public static List<byte[]> clean(boolean ipv4, boolean tcp, int mss, int count) {
        ModelFlow flow =
                new ModelFlow(count % 4, ipv4, tcp ? ModelPacket.TCP : ModelPacket.UDP, mss);
        List<byte[]> result = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            result.addAll(flow.next(mss, Twist.PLAIN));
        }
        return result;
    }

    /**
     * {@code count} packets of each of some flows of all kinds with nothing unusual about them, in
     * a random order that keeps that of each flow.
     */
    public static List<byte[]> interleaved(int flows, int count, int mss, long seed) {
        List<ModelFlow> each = new ArrayList<>();
        List<Integer> turns = new ArrayList<>();
        for (int i = 0; i < flows; i++) {
            int protocol = i % 3 == 0 ? ModelPacket.UDP : ModelPacket.TCP;
            each.add(new ModelFlow(i, i % 2 == 0, protocol, mss));
            turns.addAll(Collections.nCopies(count, i));
        }
        Collections.shuffle(turns, new Random(seed));
        List<byte[]> result = new ArrayList<>();
        for (int turn : turns) {
            result.addAll(each.get(turn).next(mss, Twist.PLAIN));
        }
        return result;
    }

    /** For the message of a failing test. */
    @Override
    public String toString() {
        return "Traffic" + steps;
    }
}
