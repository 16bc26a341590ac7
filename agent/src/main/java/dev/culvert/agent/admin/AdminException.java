package dev.culvert.agent.admin;

import java.io.IOException;

/** A request that is refused, as an HTTP status and a sentence for the operator. Immutable. */
public final class AdminException extends IOException {
    /** The request is wrong. */
    public static final int BAD_REQUEST = 400;

    /** What is asked for does not exist. */
    public static final int NOT_FOUND = 404;

    /** It cannot be done now. */
    public static final int UNAVAILABLE = 503;

    private final int status;

    /** With one of the numbers above. */
    public AdminException(int status, String sentence) {
        super(sentence);
        this.status = status;
    }

    /** The request is wrong. */
    public static AdminException badRequest(String sentence) {
        return new AdminException(BAD_REQUEST, sentence);
    }

    /** The HTTP status. */
    public int status() {
        return status;
    }
}
