package dev.culvert.agent.kube;

import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.NodeInfo;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import tools.jackson.core.JacksonException;

/**
 * The last known nodes on disk, {@code peers.json}, so that an agent that starts while the API is
 * away finds its peers and its own ranges. Only complete lists are written, whole and by a rename,
 * some time after the last change at the earliest, on a thread of its own. Events come one at a
 * time; any thread may ask.
 */
public final class PeerFile implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(PeerFile.class);

    /** Ten times the largest cluster that Kubernetes supports. */
    static final int MOST_NODES = 50_000;

    /** What so many nodes need at most, or what somebody else has put there. */
    static final long MOST_BYTES = 64L << 20;

    private final Path file;
    private final String nodeName;
    private final Duration pause;
    private final ScheduledExecutorService writer =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("peers-file").factory());
    private final Map<String, NodeInfo> nodes = new TreeMap<>();
    private boolean complete;
    private boolean scheduled;
    private boolean failed;
    private boolean closed;
    private volatile boolean remembered;

    /**
     * Nothing happens yet.
     *
     * @param runDir the folder
     * @param nodeName this node; another node's file is not used
     */
    public PeerFile(Path runDir, String nodeName) {
        this(runDir, nodeName, Duration.ofSeconds(2));
    }

    PeerFile(Path runDir, String nodeName, Duration pause) {
        this.file = runDir.resolve("peers.json");
        this.nodeName = nodeName;
        this.pause = pause;
    }

    /** Registers the metric. */
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("culvert.agent.peers.remembered", () -> remembered ? 1 : 0)
                .description("1 while the nodes are known from disk only")
                .register(registry);
    }

    /**
     * Reads the file, before the first event. Without one, or with one that is of no use, there are
     * no nodes; the log says why in one line.
     */
    public synchronized List<NodeInfo> load() {
        try {
            List<NodeInfo> found = read();
            found.forEach(node -> nodes.put(node.name(), node));
            remembered = !found.isEmpty();
            LOG.info("nodes of the last run are known file={} nodes={}", file, found.size());
            return found;
        } catch (NoSuchFileException _) {
            return List.of();
        } catch (IOException | IllegalArgumentException | JacksonException e) {
            LOG.warn(
                    "the nodes of the last run are of no use, waiting for the API file={}: {}",
                    file,
                    Oddities.printable(ResourceApi.reason(e)));
            return List.of();
        }
    }

    private List<NodeInfo> read() throws IOException {
        if (Files.size(file) > MOST_BYTES) {
            throw new IOException("it is larger than " + MOST_BYTES + " bytes");
        }
        return PeerFormat.read(Files.readAllBytes(file), nodeName);
    }

    /** A sentence while nothing but the file is known, else empty. */
    public String warning() {
        return remembered
                ? "the nodes are those of the last run, from %s, until the Kubernetes API answers"
                        .formatted(file)
                : "";
    }

    /** Takes note of what the API says. */
    public synchronized void observe(ClusterEvent event) {
        switch (event) {
            case ClusterEvent.NodeChanged(NodeInfo node) -> nodes.put(node.name(), node);
            case ClusterEvent.NodeRemoved(String name) -> nodes.remove(name);
            case ClusterEvent.NodesListed() -> {
                complete = true;
                remembered = false;
            }
            default -> {
                return;
            }
        }
        schedule();
    }

    private void schedule() {
        if (complete && !scheduled && !closed) {
            scheduled = true;
            var _ = writer.schedule(this::write, pause.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void write() {
        List<NodeInfo> now;
        synchronized (this) {
            scheduled = false;
            now = List.copyOf(nodes.values());
        }
        try {
            if (now.size() > MOST_NODES) {
                throw new IOException(now.size() + " nodes are more than " + MOST_NODES);
            }
            replace(PeerFormat.write(now, nodeName));
            failed = false;
        } catch (IOException | JacksonException e) {
            if (!failed) {
                LOG.warn("cannot write the known nodes, will retry with the next change: {}", e);
            }
            failed = true;
        }
    }

    private void replace(byte[] content) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        Files.write(temporary, content);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Writes what is not written yet. */
    @Override
    public void close() {
        boolean pending;
        synchronized (this) {
            pending = scheduled;
            closed = true;
        }
        writer.shutdownNow();
        try {
            if (writer.awaitTermination(5, TimeUnit.SECONDS) && pending) {
                write();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
