package dev.culvert.agent.sync;

import dev.culvert.agent.state.Notice;
import java.io.IOException;

/** Something that we wait for, or that somebody must change: the message is for people. */
final class NotReadyException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Notice.Reason reason;

    NotReadyException(String message) {
        this(Notice.Reason.NOT_READY, message);
    }

    NotReadyException(Notice.Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    Notice.Reason reason() {
        return reason;
    }
}
