package dev.culvert.bench.rules;

import dev.culvert.iptables.IptablesMode;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.iptables.Table;
import dev.culvert.iptables.TableName;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.net.IpFamily;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;

/**
 * Lets the driver write rules into a namespace, and gives the very same scripts to {@code
 * iptables-restore} and {@code ipset restore} in another. One thread.
 */
final class RulesBench {
    private static final String CULVERT = "culvert";
    private static final String RESTORE = "restore";

    private final RuleLoad load;
    private final int changes;
    private final Timings timings = new Timings();

    /**
     * @param changes how many single changes a round makes
     */
    RulesBench(RuleLoad load, int changes) {
        this.load = load;
        this.changes = changes;
    }

    Timings timings() {
        return timings;
    }

    /** What a round's phases wrote. */
    private record Script(
            List<List<RecordingCommand.Write>> first,
            List<List<RecordingCommand.Write>> rules,
            List<List<RecordingCommand.Write>> members) {
        Script() {
            this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        }
    }

    /** Both, one after the other. */
    void round(IptablesMode mode) throws Exception {
        Script script = new Script();
        try (NetworkNamespace namespace = NetworkNamespace.create()) {
            namespace.call(() -> culvert(mode, script));
        }
        try (NetworkNamespace namespace = NetworkNamespace.create();
                ByHand hand = new ByHand()) {
            namespace.call(() -> byHand(mode, hand, script));
        }
    }

    private static String metric(String what, IptablesMode mode) {
        String label = mode.label();
        String name = label.substring(0, 1).toUpperCase(Locale.ROOT) + label.substring(1);
        return what + name + "Millis";
    }

    /** Tells which variant is used here. */
    private static void hint(IptablesMode mode) throws Exception {
        List<String> words = List.of("iptables-" + mode.label() + "-restore", "--noflush", "-w");
        new RecordingCommand().run(words, "*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n");
    }

    private boolean culvert(IptablesMode mode, Script script) throws Exception {
        hint(mode);
        RecordingCommand command = new RecordingCommand();
        PacketFilter filter = new PacketFilter(command, EnumSet.of(IpFamily.IPV4));
        timings.time(
                CULVERT,
                metric("firstApply", mode),
                () -> {
                    load.desire(filter);
                    return filter.apply();
                });
        script.first.add(command.take());
        Table table = filter.table(IpFamily.IPV4, TableName.FILTER);
        for (int i = 1; i <= changes; i++) {
            int version = i;
            timings.time(
                    CULVERT,
                    metric("oneRule", mode),
                    () -> {
                        table.setChain(load.chain(version % load.chains(), version));
                        return filter.apply();
                    });
            script.rules.add(command.take());
        }
        for (int i = 1; i <= changes; i++) {
            int number = i;
            timings.time(
                    CULVERT,
                    metric("oneMember", mode),
                    () -> {
                        String set = RuleLoad.setName(number % load.sets());
                        filter.sets().add(set, RuleLoad.member(1_000_000 + number));
                        return filter.apply();
                    });
            script.members.add(command.take());
        }
        filter.queueResync();
        return timings.time(CULVERT, metric("resync", mode), filter::apply).repaired().isEmpty();
    }

    private boolean byHand(IptablesMode mode, ByHand hand, Script script) throws Exception {
        hint(mode);
        repeat(hand, script.first, metric("firstApply", mode));
        repeat(hand, script.rules, metric("oneRule", mode));
        repeat(hand, script.members, metric("oneMember", mode));
        return timings.time(
                RESTORE,
                metric("resync", mode),
                () -> {
                    hand.run("iptables-" + mode.label() + "-save");
                    hand.run("ipset", "save");
                    return true;
                });
    }

    private void repeat(ByHand hand, List<List<RecordingCommand.Write>> writes, String metric)
            throws Exception {
        for (List<RecordingCommand.Write> each : writes) {
            List<ByHand.Step> steps = hand.prepare(each);
            timings.time(
                    RESTORE,
                    metric,
                    () -> {
                        hand.run(steps);
                        return true;
                    });
        }
    }
}
