package dev.culvert.agent.cni;

import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.linux.Errno;
import dev.culvert.linux.netns.NetworkNamespace;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A CNI call: the variables as they came and the network configuration, which is checked piece by
 * piece by the verbs that need it: a DEL must work although its configuration does not. Immutable,
 * any thread.
 */
final class CniRequest {
    /** As Kubernetes makes them, also for pods from files. */
    private static final Pattern UID = Pattern.compile("[0-9a-zA-Z-]{1,64}");

    private static final int MAX_CONTAINER_ID = 128; // leaves room for the rest of the alias
    private static final int MAX_IF_NAME = 15;

    /** The older key came from a mistake in the specification; runtimes set both. */
    private static final List<String> VALID_ATTACHMENTS =
            List.of("cni.dev/valid-attachments", "cni.dev/attachments");

    /** Those that we read, and those that runtimes put there for others. */
    private static final Set<String> KEYS =
            Set.of(
                    "cniVersion",
                    "cniVersions",
                    "name",
                    "type",
                    "args",
                    "capabilities",
                    "dns",
                    "runtimeConfig",
                    "prevResult");

    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.\\-]*");
    private static final Pattern IF_NAME = Pattern.compile("[^/:\\s\\p{Cntrl}]+");
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private final Map<String, String> environment;
    private final String stdin;

    /** Read once: with a pod's annotations in it the configuration can be long. */
    private volatile @Nullable ObjectNode parsed;

    CniRequest(CniFraming.Message message) {
        this.environment = message.environment();
        this.stdin = message.stdin();
    }

    /** The verb, for example {@code ADD}; empty when there is none. */
    String command() {
        return variable("CNI_COMMAND");
    }

    /** The container's id as it came, to order calls by. */
    String containerId() {
        return variable("CNI_CONTAINERID");
    }

    /** The path of the sandbox's namespace as the runtime sees it; empty when there is none. */
    String netns() {
        return variable("CNI_NETNS");
    }

    /** The namespace that was passed, or the refusal that says why none was. */
    NetworkNamespace require(@Nullable NetworkNamespace namespace) throws CniError {
        if (namespace != null) {
            return namespace;
        }
        if (netns().isEmpty()) {
            throw new CniError(
                    CniError.BAD_ENVIRONMENT, "CNI_NETNS is not set; " + command() + " needs it");
        }
        Errno errno = Errno.of(netnsError());
        throw new CniError(
                CniError.BAD_ENVIRONMENT,
                "CNI_NETNS '%s' cannot be opened: %s (%s)"
                        .formatted(netns(), errno.symbol(), errno.description()));
    }

    /** Why the executable could not open the namespace: an errno, or 0. */
    private int netnsError() {
        String text = variable("CULVERT_NETNS_ERROR");
        return text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : 0;
    }

    /** The same call without a namespace, and with the reason for that. */
    CniRequest withoutNamespace(Errno reason) {
        Map<String, String> changed = new LinkedHashMap<>(environment);
        changed.put("CULVERT_NETNS_ERROR", Integer.toString(reason.number()));
        return new CniRequest(new CniFraming.Message(changed, stdin));
    }

    /** The interface that the call is about. */
    Endpoint endpoint() throws CniError {
        String container = required("CNI_CONTAINERID");
        if (container.length() > MAX_CONTAINER_ID || !NAME.matcher(container).matches()) {
            throw invalid(
                    "CNI_CONTAINERID",
                    container,
                    "a letter or digit, then letters, digits, '.', '_' or '-', at most "
                            + MAX_CONTAINER_ID);
        }
        String ifName = required("CNI_IFNAME");
        if (ifName.length() > MAX_IF_NAME
                || ifName.equals(".")
                || ifName.equals("..")
                || !IF_NAME.matcher(ifName).matches()) {
            throw invalid(
                    "CNI_IFNAME",
                    ifName,
                    "at most 15 characters without '/', ':' and white space, not '.' or '..'");
        }
        return new Endpoint(container, ifName);
    }

    private static CniError invalid(String name, String value, String rule) {
        return new CniError(
                CniError.BAD_ENVIRONMENT, "%s is '%s'; it must be %s".formatted(name, value, rule));
    }

    private String required(String name) throws CniError {
        String value = variable(name);
        if (value.isEmpty()) {
            throw new CniError(
                    CniError.BAD_ENVIRONMENT, name + " is not set; " + command() + " needs it");
        }
        return value;
    }

    /** {@code namespace/name} of the pod, if the runtime told both. */
    String pod() {
        Map<String, String> arguments = arguments();
        String namespace = arguments.getOrDefault("K8S_POD_NAMESPACE", "");
        String name = arguments.getOrDefault("K8S_POD_NAME", "");
        return namespace.isEmpty() || name.isEmpty() ? "" : namespace + "/" + name;
    }

    /** What tells the pod from others of its name, or empty if the runtime did not say so. */
    String podUid() {
        String uid = arguments().getOrDefault("K8S_POD_UID", "");
        return UID.matcher(uid).matches() ? uid : "";
    }

    private Map<String, String> arguments() {
        Map<String, String> arguments = new LinkedHashMap<>();
        Arrays.stream(variable("CNI_ARGS").split(";", -1))
                .map(each -> each.split("=", 2))
                .filter(each -> each.length == 2)
                .forEach(each -> arguments.put(each[0], each[1]));
        return arguments;
    }

    /** The network configuration; nobody changes it. */
    ObjectNode configuration() throws CniError {
        ObjectNode known = parsed;
        if (known == null) {
            known = parse();
            parsed = known;
        }
        return known;
    }

    private ObjectNode parse() throws CniError {
        try {
            if (JSON.readTree(stdin) instanceof ObjectNode object) {
                return object;
            }
            throw new CniError(
                    CniError.BAD_INPUT, "the network configuration on stdin is no JSON object");
        } catch (JacksonException e) {
            throw new CniError(
                    CniError.BAD_INPUT, "the network configuration on stdin is no valid JSON", e);
        }
    }

    /** The version of the specification that the configuration asks for. */
    CniVersion version() throws CniError {
        String text = configuration().path("cniVersion").asString("");
        return CniVersion.of(text)
                .orElseThrow(
                        () ->
                                new CniError(
                                        CniError.INCOMPATIBLE_VERSION,
                                        "cniVersion '%s' is not supported; use one of %s"
                                                .formatted(
                                                        text,
                                                        String.join(", ", CniVersion.texts()))));
    }

    /** The version that the configuration asks for, if it is one in which the verb exists. */
    CniVersion versionFrom(CniVersion first) throws CniError {
        CniVersion version = version();
        if (version.compareTo(first) < 0) {
            throw new CniError(
                    CniError.INCOMPATIBLE_VERSION,
                    "%s exists since version %s, the configuration's cniVersion is %s"
                            .formatted(command(), first, version));
        }
        return version;
    }

    /** The version to answer in: what the configuration says, and the newest if it says nothing. */
    String answerVersion() {
        try {
            String text = configuration().path("cniVersion").asString("");
            return text.isEmpty() ? CniVersion.newest().toString() : text;
        } catch (CniError _) {
            return CniVersion.newest().toString();
        }
    }

    /** Checks what an ADD needs of the configuration, beyond its version. */
    void checkConfiguration() throws CniError {
        String name = checkName();
        for (Map.Entry<String, JsonNode> each : configuration().properties()) {
            if (!KEYS.contains(each.getKey()) && !each.getValue().isNull()) {
                throw CniError.unsupported(
                        "the network configuration", each.getKey(), each.getValue().toString());
            }
        }
        if (configuration().hasNonNull("prevResult")) {
            throw new CniError(
                    CniError.BAD_CONFIGURATION,
                    "there is a prevResult: culvert-cni makes the pod's interface and must be the first plugin of network '%s'"
                            .formatted(name));
        }
    }

    /** Checks the name of the network, and returns it. */
    String checkName() throws CniError {
        String name = configuration().path("name").asString("");
        if (!NAME.matcher(name).matches()) {
            throw new CniError(
                    CniError.BAD_CONFIGURATION,
                    "the network configuration's name is '%s'; it must be a letter or digit, then letters, digits, '.', '_' or '-'"
                            .formatted(name));
        }
        return name;
    }

    /** What the whole list of plugins made of the ADD, which a CHECK is compared with. */
    PreviousResult previousResult() throws CniError {
        JsonNode result = configuration().path("prevResult");
        if (!result.isObject()) {
            throw new CniError(
                    CniError.BAD_CONFIGURATION,
                    "%s needs prevResult, the result of the ADD, and the configuration has %s"
                            .formatted(command(), result.isMissingNode() ? "none" : result));
        }
        return PreviousResult.of(result);
    }

    /**
     * The attachments that exist as far as the runtime knows; empty when it does not say, which is
     * not the same as an empty set.
     */
    Optional<Set<Endpoint>> validAttachments() throws CniError {
        ObjectNode configuration = configuration();
        for (String key : VALID_ATTACHMENTS) {
            JsonNode list = configuration.path(key);
            if (!list.isMissingNode() && !list.isNull()) {
                return Optional.of(attachments(key, list));
            }
        }
        return Optional.empty();
    }

    private static Set<Endpoint> attachments(String key, JsonNode list) throws CniError {
        if (!list.isArray()) {
            throw invalidAttachments(key, list);
        }
        Set<Endpoint> valid = new HashSet<>();
        for (JsonNode each : list) {
            String container = each.path("containerID").asString("");
            String ifName = each.path("ifname").asString("");
            if (container.isEmpty() || ifName.isEmpty()) {
                throw invalidAttachments(key, each);
            }
            valid.add(new Endpoint(container, ifName));
        }
        return valid;
    }

    private static CniError invalidAttachments(String key, JsonNode found) {
        return new CniError(
                CniError.BAD_CONFIGURATION,
                "%s must be a list of {\"containerID\":…,\"ifname\":…}; nothing is removed"
                        .formatted(key),
                found.toString());
    }

    /** What the runtime wants for this attachment. */
    RuntimeConfig runtimeConfig() throws CniError {
        return RuntimeConfig.of(configuration());
    }

    /** The DNS settings to hand on: the runtime's, or else those of the configuration. */
    Optional<JsonNode> dns() throws CniError {
        Optional<JsonNode> configured =
                Optional.of(configuration().path("dns")).filter(JsonNode::isObject);
        return runtimeConfig().dns().or(() -> configured);
    }

    /** An empty JSON object, to be filled. */
    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    private String variable(String name) {
        return environment.getOrDefault(name, "");
    }
}
