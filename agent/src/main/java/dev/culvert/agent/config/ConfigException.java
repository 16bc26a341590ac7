package dev.culvert.agent.config;

/**
 * A configuration that is refused as a whole. The message is one sentence that names the file or
 * variable, the line, the key, the value and what is allowed.
 */
public final class ConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    /** With this sentence. */
    public ConfigException(String message) {
        super(message);
    }
}
