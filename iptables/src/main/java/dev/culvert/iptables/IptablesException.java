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

    IptablesException(String message) {
        this(message, 0, "");
    }

    IptablesException(String message, Throwable cause) {
        this(message);
        initCause(cause);
    }

    IptablesException(String message, int lineNumber, String line) {
        super(message);
        this.lineNumber = lineNumber;
        this.line = line;
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
