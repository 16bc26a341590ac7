package dev.culvert.agent.cni;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.FileLeaseStore;
import dev.culvert.agent.ipam.LeaseTable;
import dev.culvert.agent.sandbox.SandboxWiring;
import dev.culvert.agent.sandbox.Sandboxes;
import dev.culvert.linux.route.Rtnetlink;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * The agent's whole CNI side: rebuilds the leases from the veths that exist, carries out DELs that
 * were queued, and answers the executable at {@code <run>/cni.sock}. Calls that come before the
 * node is ready are answered with "try again".
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
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private final Path runDirectory;
    private final LeaseTable leases;
    private final SandboxWiring wiring;
    private final MeterRegistry metrics;
    private final DeleteQueue deletes;
    private final CniServer server;

    /**
     * Composes it; nothing happens before {@link #start}.
     *
     * @param runDirectory {@code /run/culvert}
     * @param node the node's own namespace; stays open, and is used by several threads
     * @param sandboxes {@link dev.culvert.agent.sandbox.KernelSandboxes}
     * @param readiness what pods are attached to, or why none can be
     * @param metrics where to count
     * @throws IOException if the kernel's boot id cannot be read
     */
    public CniService(
            Path runDirectory,
            Rtnetlink node,
            Sandboxes sandboxes,
            NodeReadiness readiness,
            MeterRegistry metrics)
            throws IOException {
        this.runDirectory = runDirectory;
        this.metrics = metrics;
        String bootId = Files.readString(BOOT_ID, US_ASCII);
        this.leases = new LeaseTable(new FileLeaseStore(runDirectory.resolve("leases"), bootId));
        this.wiring = new SandboxWiring(node, sandboxes);
        DelHandler del = new DelHandler(leases, wiring);
        CniDispatcher dispatcher =
                new CniDispatcher(
                        Map.of(
                                "ADD", new AddHandler(leases, wiring, readiness),
                                "DEL", del,
                                "STATUS", new StatusHandler(leases, readiness),
                                "VERSION", new VersionHandler()),
                        metrics);
        this.deletes = new DeleteQueue(runDirectory.resolve("deletes"), dispatcher);
        int uid = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        this.server =
                new CniServer(runDirectory.resolve("cni.sock"), dispatcher, deletes, uid, metrics);
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
            restore();
            deletes.drain();
            gauge("used", () -> leases.inUse());
            gauge("free", () -> leases.free());
            server.start();
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private void restore() throws IOException {
        wiring.removeUnfinished();
        List<AddressLease> living =
                wiring.aliases().stream()
                        .map(AddressLease::ofAlias)
                        .flatMap(Optional::stream)
                        .toList();
        List<AddressLease> freed = leases.restore(living);
        LOG.info("leases rebuilt living={} freed={}", living.size(), freed.size());
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

    /** Stops answering; attachments and leases stay. */
    @Override
    public void close() {
        server.close();
    }
}
