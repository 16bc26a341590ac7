package dev.culvert.agent.sync;

import java.io.IOException;

/** Something that we wait for, or that somebody must change: the message is for people. */
final class NotReadyException extends IOException {
    private static final long serialVersionUID = 1L;

    NotReadyException(String message) {
        super(message);
    }
}
