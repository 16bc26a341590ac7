package dev.culvert.demo;

/** The demo cannot go on; the message is a sentence for the person who started it. */
final class DemoException extends Exception {
    private static final long serialVersionUID = 1;

    DemoException(String message) {
        super(message);
    }

    DemoException(String message, Throwable cause) {
        super(message, cause);
    }
}
