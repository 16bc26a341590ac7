package dev.culvert.linux.netlink;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.StopSignal;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Reads a subscription on a daemon thread of its own and tells a listener there what happened;
 * several notifications that wait come as one call. The listener must not throw: an exception goes
 * to the thread's handler and ends the thread. Start and close from any thread.
 *
 * @param <T> what a notification says
 */
public final class NotificationThread<T> implements AutoCloseable {
    private final NetlinkSubscription subscription;
    private final StopSignal stop;
    private final Reader<T> reader;
    private final T overrun;
    private final Consumer<Set<T>> listener;
    private final Thread thread;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Only used on {@link #thread}, which then releases what it uses itself. */
    private boolean closedByListener;

    private NotificationThread(
            String name,
            NetlinkSubscription subscription,
            StopSignal stop,
            Reader<T> reader,
            T overrun,
            Consumer<Set<T>> listener) {
        this.subscription = subscription;
        this.stop = stop;
        this.reader = reader;
        this.overrun = overrun;
        this.listener = listener;
        this.thread = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
    }

    /** Makes something of a notification. */
    public interface Reader<T> {
        /** Adds what the message says; nothing if it does not matter. */
        void read(NetlinkMessage message, Set<T> happened) throws LinuxException;
    }

    /**
     * Takes a subscription over, also if this fails.
     *
     * @param name the thread's
     * @param overrun what the listener hears when notifications were lost
     */
    public static <T> NotificationThread<T> of(
            String name,
            NetlinkSubscription subscription,
            Reader<T> reader,
            T overrun,
            Consumer<Set<T>> listener)
            throws LinuxException {
        try {
            return new NotificationThread<>(
                    name, subscription, StopSignal.create(), reader, overrun, listener);
        } catch (LinuxException | RuntimeException e) {
            subscription.close();
            throw e;
        }
    }

    /** Begins to call the listener. */
    public void start() {
        thread.start();
    }

    /** Whether its thread ran and runs no more. */
    public boolean hasEnded() {
        return thread.getState() == Thread.State.TERMINATED;
    }

    private void run() {
        try {
            while (subscription.await(stop)) {
                Set<T> happened = drain();
                if (!happened.isEmpty()) {
                    listener.accept(happened);
                }
            }
        } catch (LinuxException e) {
            throw new IllegalStateException(thread.getName() + " ends: " + e.getMessage(), e);
        } finally {
            if (closedByListener) {
                release();
            }
        }
    }

    private Set<T> drain() throws LinuxException {
        Set<T> happened = new LinkedHashSet<>();
        boolean more = true;
        while (more) {
            try {
                List<NetlinkMessage> messages = subscription.poll();
                for (NetlinkMessage message : messages) {
                    reader.read(message, happened);
                }
                more = !messages.isEmpty();
            } catch (LinuxException e) {
                if (!e.errno().equals(Errno.ENOBUFS)) {
                    throw e;
                }
                happened.add(overrun);
            }
        }
        return happened;
    }

    /** Stops the thread and waits for it, unless the listener itself calls this. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        stop.raise();
        if (Thread.currentThread() == thread) {
            closedByListener = true;
        } else {
            joinUninterruptibly();
            release();
        }
    }

    private void release() {
        subscription.close();
        stop.close();
    }

    private void joinUninterruptibly() {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
