package dev.culvert.agent.sync;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.rules.RulePart;
import dev.culvert.agent.rules.RulesMeter;
import dev.culvert.agent.rules.RulesNode;
import dev.culvert.agent.state.ClusterAddresses;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.iptables.Applied;
import dev.culvert.iptables.IptablesCommand;
import dev.culvert.iptables.IptablesException;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.iptables.TableName;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The packet filter's rules and sets, as its parts want them. Without a change it runs no program.
 *
 * <p>To compare with the kernel all its rules have to be read, other programs' too. So it does not
 * follow each request of the loop, which come with each link that changes, but looks every 30 s,
 * and when {@link #disturbed} tells that rules were changed: then at once, but no more than once a
 * second.
 */
final class RulesSync implements Synchronizer {
    private static final Logger LOG = LogManager.getLogger(RulesSync.class);

    /** Less than the loop's period, so that each of its regular requests is followed. */
    private static final Duration PERIOD = Duration.ofSeconds(25);

    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final Supplier<AgentConfig> config;
    private final IptablesCommand command;
    private final NodePlan plan;
    private final List<RulePart> parts;
    private final KernelSettings settings;
    private final LongSupplier nanoTime;
    private final RulesMeter meter = new RulesMeter();
    private final AtomicBoolean disturbed = new AtomicBoolean();
    private volatile Supplier<List<LocalPod>> pods = List::of;
    private volatile long readAt;
    private ClusterAddresses cluster = ClusterAddresses.NONE;
    private volatile @Nullable PacketFilter filter;
    private volatile boolean inForce;
    private Set<IpFamily> families = Set.of();

    /** Whether all parts could once say what should be; before, nothing is written. */
    private boolean known;

    private boolean countIsDue;
    private List<String> loggedWarnings = List.of();
    private String loggedMode = "";

    /**
     * @param config the current one, asked each time
     * @param command runs the programs
     * @param parts what they say is what should be
     * @param nanoTime {@link System#nanoTime}
     */
    RulesSync(
            Supplier<AgentConfig> config,
            IptablesCommand command,
            NodePlan plan,
            List<RulePart> parts,
            KernelSettings settings,
            LongSupplier nanoTime) {
        this.config = config;
        this.command = command;
        this.plan = plan;
        this.parts = List.copyOf(parts);
        this.settings = settings;
        this.nanoTime = nanoTime;
    }

    @Override
    public String name() {
        return "rules";
    }

    /** What is counted and timed. */
    RulesMeter meter() {
        return meter;
    }

    /** Where to ask for this node's pods; before the first round. */
    void pods(Supplier<List<LocalPod>> source) {
        pods = source;
    }

    /**
     * Whether there are rules: those of this agent or, while it does not know yet what should be,
     * those of an earlier one. Any thread.
     */
    boolean isInForce() {
        return inForce;
    }

    /**
     * Somebody changed rules. Any thread.
     *
     * @return after how many milliseconds there should be a round
     */
    long disturbed() {
        disturbed.set(true);
        long left = PAUSE.toNanos() - (nanoTime.getAsLong() - readAt);
        return filter == null ? 0 : Math.max(0, TimeUnit.NANOSECONDS.toMillis(left) + 1);
    }

    @Override
    public void setDesired(ClusterView view) {
        cluster = view.everywhere();
    }

    @Override
    public boolean dependsOnOtherNodes() {
        return true;
    }

    @Override
    public void queueResync() {
        PacketFilter current = filter;
        long age = nanoTime.getAsLong() - readAt;
        boolean due = age >= PERIOD.toNanos();
        boolean told = age >= PAUSE.toNanos() && disturbed.getAndSet(false);
        if (current != null && (due || told)) {
            disturbed.set(false);
            current.queueResync();
            parts.forEach(RulePart::queueResync);
            countIsDue = true;
            readAt = nanoTime.getAsLong();
        }
    }

    @Override
    public void apply() throws IOException {
        RulesNode node = new RulesNode(config.get(), plan.ranges(), cluster, pods.get());
        if (!known && !parts.stream().allMatch(RulePart::isKnown)) {
            inForce = filterFor(node.families()).foundOurs();
            return;
        }
        PacketFilter current = filterFor(node.families());
        known = true;
        do {
            parts.forEach(part -> part.render(node, current));
            put(node, current);
        } while (parts.stream().anyMatch(RulePart::hasMore));
        reachFromLoopback(node);
        for (RulePart part : parts) {
            part.applied(node);
        }
        inForce = true;
        if (countIsDue) {
            count(current);
            countIsDue = false;
        }
    }

    private void put(RulesNode node, PacketFilter current) throws IOException {
        long begin = nanoTime.getAsLong();
        try {
            report(current, write(node, current));
        } finally {
            meter.applied(nanoTime.getAsLong() - begin);
        }
    }

    /** What a kernel lacks that only one part needs must not keep the others out of force. */
    private Applied write(RulesNode node, PacketFilter current) throws IOException {
        try {
            return current.apply();
        } catch (IptablesException e) {
            String said = String.valueOf(e.getMessage());
            if (parts.stream().noneMatch(part -> part.doesWithout(said))) {
                throw e;
            }
            parts.forEach(part -> part.render(node, current));
            return current.apply();
        }
    }

    /** Rules keep pods away from what the node has on its loopback. */
    private void reachFromLoopback(RulesNode node) throws IOException {
        if (node.hasPorts() && families.contains(IpFamily.IPV4)) {
            settings.ensure("net/ipv4/conf/" + node.config().bridge() + "/route_localnet", "1");
        }
    }

    private void count(PacketFilter current) throws IOException {
        for (IpFamily family : families) {
            Map<String, Long> packets = current.packets(family, TableName.RAW);
            for (RulesMeter.Drop reason : RulesMeter.Drop.values()) {
                meter.dropped(family, reason, packets.getOrDefault(reason.chain(), 0L));
            }
        }
        for (RulePart part : parts) {
            part.dropped().forEach((reason, packets) -> meter.dropped("frames", reason, packets));
        }
    }

    /**
     * The families are those of the node's ranges, which hardly ever change. Only what belongs to a
     * family that is gone is removed; the rest stays in force until the new filter adopts it.
     */
    private PacketFilter filterFor(Set<IpFamily> wanted) throws IOException {
        PacketFilter current = filter;
        if (current != null && wanted.equals(families)) {
            return current;
        }
        if (current != null && known) {
            for (IpFamily family : families) {
                if (!wanted.contains(family)) {
                    current.remove(family);
                }
            }
            current.apply();
        }
        PacketFilter made = new PacketFilter(command, wanted);
        meter.follow(made);
        filter = made;
        families = Set.copyOf(wanted);
        readAt = nanoTime.getAsLong();
        return made;
    }

    private void report(PacketFilter current, Applied applied) {
        String mode = String.valueOf(current.mode());
        if (!mode.equals(loggedMode)) {
            LOG.info("rules are written with {}", mode);
            loggedMode = mode;
        }
        applied.repaired().forEach(what -> plan.repairs().add(RepairKind.RULES, what));
        applied.warnings().stream()
                .filter(each -> !loggedWarnings.contains(each))
                .forEach(each -> LOG.warn("{}", each));
        loggedWarnings = applied.warnings();
    }
}
