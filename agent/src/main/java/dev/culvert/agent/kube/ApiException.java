package dev.culvert.agent.kube;

import java.net.HttpURLConnection;

/** A request that failed, with a sentence. */
final class ApiException extends Exception {
    private static final long serialVersionUID = 1L;

    /** When there is no answer. */
    static final int NO_STATUS = 0;

    private final int status;

    /**
     * @param status the HTTP status, or {@link #NO_STATUS}
     */
    ApiException(int status, String sentence) {
        super(sentence);
        this.status = status;
    }

    /** Whether the version or the list that was asked for is no longer there (410). */
    boolean isGone() {
        return status == HttpURLConnection.HTTP_GONE;
    }

    /** The sentence. */
    String sentence() {
        return String.valueOf(getMessage());
    }
}
