package dev.culvert.bench.scale.api;

/** An answer other than success, as the Kubernetes API puts it. */
final class ApiStatus extends Exception {
    private static final long serialVersionUID = 1;

    private final int code;
    private final String reason;

    ApiStatus(int code, String reason, String message) {
        super(message);
        this.code = code;
        this.reason = reason;
    }

    static ApiStatus notFound(String what) {
        return new ApiStatus(404, "NotFound", what + " not found");
    }

    static ApiStatus badRequest(String message) {
        return new ApiStatus(400, "BadRequest", message);
    }

    static ApiStatus expired(String message) {
        return new ApiStatus(410, "Expired", message);
    }

    int code() {
        return code;
    }

    /** As an object of kind Status. The message holds no quotes. */
    String json() {
        return ("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
                        + "\"message\":\"%s\",\"reason\":\"%s\",\"code\":%d}")
                .formatted(String.valueOf(getMessage()).replace('"', '\''), reason, code);
    }
}
