package dev.culvert.agent.install;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Installs once the node is ready, and again whenever somebody has changed or removed the files. It
 * has one thread of its own; {@link #start} and {@link #close} belong to one thread, the rest to
 * any. The files stay when it is closed: while no agent runs the runtime is told to try again.
 */
public final class KeptInstallation implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(KeptInstallation.class);
    private static final Duration EVERY = Duration.ofMillis(500);
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(30);

    private final Supplier<CniInstaller> installer;
    private final BooleanSupplier ready;
    private @Nullable ScheduledExecutorService thread;
    private volatile boolean installed;
    private volatile boolean asked;
    private long lookedNanos;
    private volatile List<String> problems = List.of();

    /**
     * Nothing happens before {@link #start}.
     *
     * @param installer what to install now, asked each time
     * @param ready whether pods can be attached now
     */
    public KeptInstallation(Supplier<CniInstaller> installer, BooleanSupplier ready) {
        this.installer = installer;
        this.ready = ready;
    }

    /** Starts to look. */
    public void start() {
        thread =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("cni-install").factory());
        var _ =
                thread.scheduleWithFixedDelay(
                        this::look, 0, EVERY.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Makes it compare the files at once with what is wanted now. */
    public void lookAgain() {
        asked = true;
    }

    private void look() {
        boolean due =
                asked || !installed || System.nanoTime() - lookedNanos >= LOOK_AGAIN.toNanos();
        if (due && ready.getAsBoolean()) {
            asked = false;
            lookedNanos = System.nanoTime();
            install();
        }
    }

    private void install() {
        List<String> found = new ArrayList<>();
        try {
            CniInstaller current = installer.get();
            List<Path> written = current.install();
            if (!written.isEmpty()) {
                LOG.info("pods can be attached: the CNI files are in place written={}", written);
            }
            installed = true;
            current.takenBefore().forEach(other -> found.add(takenBefore(other)));
        } catch (IOException | RuntimeException e) {
            installed = false;
            found.add(String.valueOf(e.getMessage()));
        }
        tell(found);
    }

    private void tell(List<String> found) {
        found.stream()
                .filter(each -> !problems.contains(each))
                .forEach(each -> LOG.warn("CNI files: {}", each));
        if (found.isEmpty() && !problems.isEmpty()) {
            LOG.info("CNI files: what was wrong is mended");
        }
        problems = List.copyOf(found);
    }

    /** The sentence about a network list of somebody else. */
    public static String takenBefore(Path other) {
        return "the container runtime takes %s instead of Culvert's %s, since it comes first by name: remove it"
                .formatted(other, NetworkList.FILE_NAME);
    }

    /** Whether both files were in place when it last looked. */
    public boolean isInstalled() {
        return installed;
    }

    /** A sentence for each thing that is wrong; none if all is well. */
    public List<String> problems() {
        return problems;
    }

    @Override
    public void close() {
        if (thread != null) {
            thread.close();
            thread = null;
        }
    }
}
