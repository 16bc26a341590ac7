package dev.culvert.agent.admin;

import java.io.IOException;

/** Nobody answers at the socket; the message says what to look at. */
public final class NoAgentException extends IOException {
    NoAgentException(String sentence, IOException cause) {
        super(sentence, cause);
    }
}
