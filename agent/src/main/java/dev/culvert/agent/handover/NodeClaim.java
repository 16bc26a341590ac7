package dev.culvert.agent.handover;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The right to serve a node, which one agent at a time has. While an update replaces agents, there
 * are two of them: the new one asks the old one for the node, and the old one waits until it is
 * ended, to have the node back if the new one ends first.
 *
 * <p>Locks in the run directory say who serves ({@code agent.lock}) and whether somebody waits to
 * have the node back ({@code standby.lock}); {@code agents} remembers who served. One thread takes
 * and gives; the other methods are for any.
 */
public final class NodeClaim implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(NodeClaim.class);

    /** A successor that was given the node looks much more often than this. */
    private static final Duration SUCCESSOR_COMES = Duration.ofSeconds(10);

    /** Each try costs the pods a moment without packets from other nodes. */
    private static final Duration AFTER_FAILURE = Duration.ofMinutes(5);

    private static final Duration LOOK = Duration.ofMillis(20);
    private static final Duration ASK = Duration.ofSeconds(1);

    private final AgentIdentity self;
    private final Path runDir;
    private final FileLock serving;
    private final FileLock standby;
    private final Path file;
    private final Clock clock;
    private final Duration successorComes;
    private final BlockingQueue<AgentIdentity> requests = new ArrayBlockingQueue<>(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile Succession succession = Succession.NONE;
    private boolean served;
    private String told = "";

    /** Asks the agent that serves the node for it. */
    @FunctionalInterface
    public interface Request {
        /**
         * Returns when it was granted.
         *
         * @throws IOException with a sentence if not
         */
        void send(AgentIdentity by) throws IOException;
    }

    /** Whom a probe asks that names a revision. */
    public enum Probed {
        /** This agent. */
        THIS,
        /** One whose place this one took, and which waits to have it back. */
        EARLIER,
        /** One that has not come to serve this node, or not any more. */
        OTHER
    }

    /**
     * Nothing is taken yet.
     *
     * @param runDir the same for all agents of a node
     * @param self which of them this one is
     */
    public NodeClaim(Path runDir, AgentIdentity self) {
        this(runDir, self, Clock.systemUTC(), SUCCESSOR_COMES);
    }

    NodeClaim(Path runDir, AgentIdentity self, Clock clock, Duration successorComes) {
        this.successorComes = successorComes;
        this.self = self;
        this.runDir = runDir;
        this.serving = new FileLock(runDir.resolve("agent.lock"));
        this.standby = new FileLock(runDir.resolve("standby.lock"));
        this.file = runDir.resolve("agents");
        this.clock = clock;
    }

    /**
     * Whether another agent serves the node now.
     *
     * @throws IOException if the directory cannot be made or written
     */
    public boolean isServedByAnother() throws IOException {
        Files.createDirectories(runDir);
        return serving.isTakenByAnother();
    }

    /**
     * Waits until this agent may serve the node, and asks for that if it is a replacement and none
     * that was itself replaced.
     *
     * @return false if it was closed meanwhile
     * @throws IOException with a sentence if another agent serves and this one is no replacement
     *     and has not served before, or if the directory cannot be used
     */
    public boolean take(Request request) throws IOException, InterruptedException {
        Files.createDirectories(runDir);
        if (tryToServe()) {
            return true;
        }
        if (!self.isReplacement() && !served) {
            throw new IOException(
                    "another agent serves this node, since it has locked %s: stop it first"
                            .formatted(runDir.resolve("agent.lock")));
        }
        LOG.info("another agent serves the node, waiting for it {}", self);
        long asked = System.nanoTime() - ASK.toNanos();
        while (!pause()) {
            if (tryToServe()) {
                return true;
            }
            if (System.nanoTime() - asked >= ASK.toNanos()) {
                askOrStandBy(request);
                asked = System.nanoTime();
            }
        }
        return false;
    }

    private boolean pause() throws InterruptedException {
        return closed.await(LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }

    private boolean tryToServe() throws IOException {
        if (!serving.tryTake()) {
            return false;
        }
        served = true;
        standby.release();
        Succession before = Succession.read(file);
        succession = before.servedBy(self, clock.millis());
        succession.write(file);
        LOG.info("serves the node {} agents={}", self, succession.lines());
        return true;
    }

    private void askOrStandBy(Request request) throws IOException {
        Succession now = Succession.read(file);
        if (served || now.hasReplaced(self)) {
            standby.tryTake();
            return;
        }
        if (clock.millis() - now.failedAt(self) < AFTER_FAILURE.toMillis()) {
            tell("this agent failed to serve the node and may try again after 5 minutes");
            return;
        }
        try {
            request.send(self);
        } catch (IOException e) {
            tell("the agent that serves the node does not give it: " + e.getMessage());
        }
    }

    private void tell(String sentence) {
        if (!sentence.equals(told)) {
            LOG.warn("{} {}", sentence, self);
            told = sentence;
        }
    }

    /** Another agent asks for the node: {@link #awaitRequest} returns it. */
    public void request(AgentIdentity by) {
        requests.offer(by);
    }

    /** Who asked for the node, or null if nobody did for so long. */
    public @Nullable AgentIdentity awaitRequest(Duration patience) throws InterruptedException {
        return requests.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Gives the node to the one that asked, and returns when he has it, or when he does not come.
     */
    public void handOver() throws IOException, InterruptedException {
        standby.tryTake();
        serving.release();
        requests.clear();
        long begin = System.nanoTime();
        while (!serving.isTakenByAnother()) {
            if (pause() || System.nanoTime() - begin > successorComes.toNanos()) {
                return;
            }
        }
    }

    /** What the kernel does when the process ends. */
    void free() throws IOException {
        close();
        serving.release();
        standby.release();
    }

    /** Whether an agent that served before waits to have the node back. */
    public boolean isAwaited() {
        try {
            return standby.isTakenByAnother();
        } catch (IOException e) {
            LOG.warn("cannot see whether another agent waits: {}", e.toString());
            return false;
        }
    }

    /** Whom a probe means; all agents of a node are probed at the same port. */
    public Probed probed(String revision) {
        if (revision.isEmpty() || !self.isReplacement() || revision.equals(self.revision())) {
            return Probed.THIS;
        }
        return succession.hasPredecessor(revision) && isAwaited() ? Probed.EARLIER : Probed.OTHER;
    }

    /** Which agent this is. */
    public AgentIdentity self() {
        return self;
    }

    /** Ends waiting; the locks last as long as the process. */
    @Override
    public void close() {
        closed.countDown();
    }
}
