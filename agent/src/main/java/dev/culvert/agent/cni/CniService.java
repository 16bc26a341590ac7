package dev.culvert.agent.cni;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.culvert.agent.attachment.AttachmentTable;
import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.FileLeaseStore;
import dev.culvert.agent.ipam.LeaseTable;
import dev.culvert.agent.sandbox.SandboxWiring;
import dev.culvert.agent.sandbox.Sandboxes;
import dev.culvert.linux.route.Rtnetlink;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The agent's whole CNI side: rebuilds the leases from the veths that exist, carries out DELs that
 * were queued, answers the executable at {@code <run>/cni.sock}, and compares leases, veths and
 * pods every 30 seconds. Calls that come before the node is ready are answered with "try again".
 *
 * <p>{@link #start} and {@link #close} belong to one thread; {@link #leases} to any. {@code start}
 * needs nothing but the run directory and the kernel, so that DEL works although Kubernetes is
 * away.
 *
 * <p>Metrics: {@code culvert_cni_requests_seconds{verb,result}}, {@code
 * culvert_cni_malformed_total} and {@code culvert_ipam_addresses{state}} with the states {@code
 * used} and {@code free}.
 */
public final class CniService implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(CniService.class);
    private static final Duration ROUND = Duration.ofSeconds(30);
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private final Path runDirectory;
    private final LeaseTable leases;
    private final AttachmentTable attachments;
    private final LeaseReconciler reconciler;
    private final MeterRegistry metrics;
    private final DeleteQueue deletes;
    private final ScheduledExecutorService rounds =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("leases").factory());
    private final CallOrder order = new CallOrder();
    private final CniDispatcher dispatcher;
    private final CniServer server;
    private volatile AttachmentGate gate = AttachmentGate.OPEN;

    /**
     * Composes it; nothing happens before {@link #start}.
     *
     * @param runDirectory {@code /run/culvert}
     * @param node the node's own namespace; stays open, and is used by several threads
     * @param sandboxes {@link dev.culvert.agent.sandbox.KernelSandboxes}
     * @param readiness what pods are attached to, or why none can be
     * @param podAddresses the addresses of this node's pods as Kubernetes knows them, giving null
     *     while it was not asked yet
     * @param metrics where to count
     * @throws IOException if the kernel's boot id cannot be read
     */
    public CniService(
            Path runDirectory,
            Rtnetlink node,
            Sandboxes sandboxes,
            NodeReadiness readiness,
            Supplier<? extends @Nullable Set<InetAddress>> podAddresses,
            MeterRegistry metrics)
            throws IOException {
        this.runDirectory = runDirectory;
        this.metrics = metrics;
        String bootId = Files.readString(BOOT_ID, US_ASCII);
        this.leases = new LeaseTable(new FileLeaseStore(runDirectory.resolve("leases"), bootId));
        this.attachments = new AttachmentTable(runDirectory.resolve("attachments"), bootId);
        SandboxWiring wiring = new SandboxWiring(node, sandboxes);
        this.reconciler = new LeaseReconciler(leases, wiring, podAddresses, metrics);
        AttachmentGate current = current();
        DelHandler del = new DelHandler(leases, wiring, attachments, current);
        this.deletes = new DeleteQueue(runDirectory.resolve("deletes"));
        ContainerLocks locks = new ContainerLocks();
        this.dispatcher =
                new CniDispatcher(
                        Map.of(
                                "ADD",
                                new AddHandler(
                                        leases, wiring, readiness, deletes, attachments, current),
                                "DEL",
                                del,
                                "CHECK",
                                new CheckHandler(leases, wiring, readiness),
                                "GC",
                                new GcHandler(leases, del, locks),
                                "STATUS",
                                new StatusHandler(leases, readiness),
                                "VERSION",
                                new VersionHandler()),
                        locks,
                        order,
                        metrics);
        int uid = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        this.server =
                new CniServer(
                        runDirectory.resolve("cni.sock"),
                        dispatcher,
                        order,
                        this::carryOutQueued,
                        uid,
                        metrics);
    }

    private AttachmentGate current() {
        return new AttachmentGate() {
            @Override
            public void await(AddressLease lease) throws IOException {
                gate.await(lease);
            }

            @Override
            public void ended(AddressLease lease) {
                gate.ended(lease);
            }
        };
    }

    /** Makes each ADD pass here; before {@link #start}. */
    public void gate(AttachmentGate value) {
        gate = value;
    }

    /**
     * Rebuilds, catches up and starts to answer.
     *
     * @throws IOException if the run directory cannot be written, the links cannot be read, or
     *     another agent answers at the socket; nothing runs then
     */
    public void start() throws IOException {
        Files.createDirectories(
                runDirectory,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
        server.bind(); // first: what comes from now on waits instead of being queued as a file
        try {
            reconciler.restore();
            attachments.load();
            carryOutQueued();
            gauge("used", () -> leases.inUse());
            gauge("free", () -> leases.free());
            server.start();
            var _ =
                    rounds.scheduleWithFixedDelay(
                            this::reconcile, ROUND.toSeconds(), ROUND.toSeconds(), SECONDS);
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /** Queued DELs, leases, veths and pods; {@link #start} sees to it that it comes again. */
    void reconcile() {
        try {
            carryOutQueued();
            reconciler.round();
        } catch (IOException | RuntimeException e) {
            LOG.warn("leases and veths cannot be compared; the next try is in {}", ROUND, e);
        }
    }

    /**
     * Carries out the DELs that were queued while the agent was away: at the start, and again
     * before each call and in each round, since the executable may find no agent and write its file
     * a moment after that.
     */
    private void carryOutQueued(long number) {
        deletes.drain(delete -> dispatcher.dispatchQueued(delete, number));
    }

    private void carryOutQueued() {
        long number = order.enter();
        try {
            carryOutQueued(number);
        } finally {
            order.leave(number);
        }
    }

    private void gauge(String state, Supplier<Number> count) {
        Gauge.builder("culvert.ipam.addresses", count)
                .description("addresses of this node's pod ranges")
                .tag("state", state)
                .register(metrics);
    }

    /** Every lease of this node, the oldest first. */
    public List<AddressLease> leases() {
        return leases.leases();
    }

    /** Every pod of this node, those that are being attached too. */
    public List<LocalPod> pods() {
        return leases.leases().stream()
                .map(each -> new LocalPod(each, attachments.of(each.endpoint()).orElse(null)))
                .toList();
    }

    /** Every address that a pod of this node has. */
    public Set<InetAddress> heldAddresses() {
        return leases.held();
    }

    /**
     * Why requests are not answered, a sentence; empty when they are. Asks as the executable does,
     * and waits for the answer.
     */
    public String problem() {
        return CniSelfCheck.problem(runDirectory.resolve("cni.sock"));
    }

    /** Whether its thread ran and runs no more. */
    public boolean hasEnded() {
        return server.hasEnded();
    }

    /** Stops answering; attachments and leases stay. */
    @Override
    public void close() {
        rounds.shutdownNow();
        server.close();
    }
}
