package dev.culvert.iptables;

import java.io.IOException;

/**
 * A program refused what it was given, or could not be run. The message is a sentence for people
 * that names the program, what it said, the line that it refused where it tells, and what to do.
 */
public final class IptablesException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int lineNumber;
    private final String line;
    private final boolean locked;

    IptablesException(String message) {
        this(message, 0, "", false);
    }

    IptablesException(String message, Throwable cause) {
        this(message);
        initCause(cause);
    }

    private IptablesException(String message, int lineNumber, String line, boolean locked) {
        super(message);
        this.lineNumber = lineNumber;
        this.line = line;
        this.locked = locked;
    }

    static IptablesException refused(String message, int lineNumber, String line) {
        return new IptablesException(message, lineNumber, line, false);
    }

    /** Another program held the lock for as long as is worth waiting. */
    static IptablesException locked(String message) {
        return new IptablesException(message, 0, "", true);
    }

    boolean isLocked() {
        return locked;
    }

    /** The number of the refused line in the script, from 1, or 0 if it is not known. */
    public int lineNumber() {
        return lineNumber;
    }

    /** The refused line, or an empty string if it is not known. */
    public String line() {
        return line;
    }
}
