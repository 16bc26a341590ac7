package dev.culvert.agent.config;

import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_DELETE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_MODIFY;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Path;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Tells that a file may have changed: whenever something in its folder did, and every 30 seconds
 * for file systems and links that give no notice. The kubelet renames a symbolic link in that
 * folder when a ConfigMap changes. One thread of its own; {@link #start} and {@link #close} may be
 * called by any, close twice.
 */
final class FileChanges implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(FileChanges.class);
    private static final long LOOK_AGAIN_MILLIS = 30_000;

    /** An editor writes in pieces: so long nothing must happen before the file is looked at. */
    private static final long SETTLED_MILLIS = 100;

    /** But somebody who writes all the time is not waited for. */
    private static final int MOST_PIECES = 20;

    private final Path folder;
    private final Runnable changed;
    private @Nullable WatchService watch;
    private @Nullable WatchKey key;

    FileChanges(Path file, Runnable changed) {
        this.folder = Objects.requireNonNullElse(file.toAbsolutePath().getParent(), file);
        this.changed = changed;
    }

    synchronized void start() {
        try {
            WatchService opened = folder.getFileSystem().newWatchService();
            watch = opened;
            Thread.ofPlatform().daemon().name("config").start(() -> follow(opened));
        } catch (IOException e) {
            LOG.warn("changes of the configuration are not seen, no watch folder={}", folder, e);
        }
    }

    private void follow(WatchService opened) {
        try {
            while (true) {
                register(opened);
                look();
                await(opened);
            }
        } catch (ClosedWatchServiceException _) {
            // The end.
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** A folder that is not there yet, or was replaced, is looked for again and again. */
    private void register(WatchService opened) {
        if (key != null && key.isValid()) {
            return;
        }
        try {
            key = folder.register(opened, ENTRY_CREATE, ENTRY_MODIFY, ENTRY_DELETE);
        } catch (IOException e) {
            key = null;
            LOG.debug("cannot watch folder={}", folder, e);
        }
    }

    private void look() {
        try {
            changed.run();
        } catch (RuntimeException e) {
            LOG.error("a change of the configuration was not dealt with to the end", e);
        }
    }

    private static void await(WatchService opened) throws InterruptedException {
        WatchKey event = opened.poll(LOOK_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        for (int piece = 0; event != null && piece < MOST_PIECES; piece++) {
            event.pollEvents();
            event.reset();
            event = opened.poll(SETTLED_MILLIS, TimeUnit.MILLISECONDS);
        }
        if (event != null) {
            event.reset();
        }
    }

    @Override
    public synchronized void close() {
        try {
            if (watch != null) {
                watch.close();
            }
        } catch (IOException e) {
            LOG.debug("closing the watch folder={}", folder, e);
        }
    }
}
