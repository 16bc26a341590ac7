package dev.culvert.agent.cni;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The refusal of a CNI call, in the form that the runtime understands.
 *
 * @see <a href="https://www.cni.dev/docs/spec/#error">CNI: error</a>
 */
final class CniError extends Exception {
    static final int INCOMPATIBLE_VERSION = 1;
    static final int UNSUPPORTED_FIELD = 2;
    static final int BAD_ENVIRONMENT = 4;
    static final int IO_FAILURE = 5;
    static final int BAD_INPUT = 6;
    static final int BAD_CONFIGURATION = 7;
    static final int TRY_AGAIN = 11;
    static final int NOT_AVAILABLE = 50;

    /** Ours: the container has this interface already. */
    static final int ALREADY_ATTACHED = 101;

    /** Ours: the node's pod range has no free address. */
    static final int NO_ADDRESS = 102;

    /** Ours: the kernel refused a step. */
    static final int KERNEL_REFUSED = 103;

    /** Ours: CHECK found an attachment that is not as ADD made it. */
    static final int DAMAGED = 104;

    /** Ours: an address that was asked for is held by another attachment. */
    static final int ADDRESS_TAKEN = 105;

    static final int PORT_TAKEN = 106;

    /** Ours: a defect of the agent. */
    static final int INTERNAL = 199;

    private static final int LONGEST_QUOTE = 200;

    private final int code;
    private final String details;

    CniError(int code, String message) {
        this(code, message, "");
    }

    CniError(int code, String message, @Nullable Exception cause) {
        super(message, cause);
        this.code = code;
        this.details = cause == null ? "" : String.valueOf(cause.getMessage());
    }

    CniError(int code, String message, String details) {
        super(message);
        this.code = code;
        this.details = details;
    }

    /** The specification wants key and value of a field that is not supported in the message. */
    static CniError unsupported(String where, String key, String value) {
        return new CniError(
                UNSUPPORTED_FIELD,
                "%s has the key '%s' with the value %s, which culvert-cni does not know; take it out"
                        .formatted(where, brief(key), brief(value)));
    }

    /** So much of a text as a sentence can bear. */
    static String brief(String text) {
        return text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "…";
    }

    int code() {
        return code;
    }

    /** What the failure said that this one comes from; may be empty. */
    String details() {
        return details;
    }

    /** The JSON text for stdout. */
    String json(String cniVersion) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("cniVersion", cniVersion);
        json.put("code", code);
        json.put("msg", "culvert: " + getMessage());
        json.put("details", details);
        return json.toString();
    }
}
