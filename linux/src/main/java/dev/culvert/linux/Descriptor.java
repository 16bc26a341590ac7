package dev.culvert.linux;

import dev.culvert.linux.libc.LibC;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A file descriptor that this object owns and closes. {@link #close} may be called from any thread
 * and twice; nobody may use the number after that, since the kernel gives it out again.
 */
public final class Descriptor implements AutoCloseable {
    private static final int CLOSED = -1;

    private final AtomicInteger number;
    private final String object;

    private Descriptor(int number, String object) {
        this.number = new AtomicInteger(number);
        this.object = object;
    }

    /**
     * Takes ownership of {@code number}.
     *
     * @param object what it is open on, for messages
     */
    public static Descriptor own(int number, String object) {
        if (number < 0) {
            throw new IllegalArgumentException("no descriptor: " + number);
        }
        return new Descriptor(number, object);
    }

    /**
     * The descriptor's number.
     *
     * @throws IllegalStateException after {@link #close}
     */
    public int number() {
        int value = number.get();
        if (value == CLOSED) {
            throw new IllegalStateException("closed: " + object);
        }
        return value;
    }

    /** Whether it is open. */
    public boolean isOpen() {
        return number.get() != CLOSED;
    }

    /** Gives up ownership: whoever called this must close the number that it returns. */
    public int release() {
        int value = number.getAndSet(CLOSED);
        if (value == CLOSED) {
            throw new IllegalStateException("closed: " + object);
        }
        return value;
    }

    /** Closes it; the second time does nothing. close(2) frees the number even when it fails. */
    @Override
    public void close() {
        int value = number.getAndSet(CLOSED);
        if (value != CLOSED) {
            var _ = LibC.close(value);
        }
    }

    @Override
    public String toString() {
        int value = number.get();
        return object + (value == CLOSED ? " (closed)" : " (fd " + value + ")");
    }
}
