package dev.culvert.demo;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A pod of the demo: a named network namespace on its node, attached and detached by executing the
 * CNI executable in the way a container runtime does. The main thread only.
 */
final class Pod implements Endpoint {
    private static final String NETWORK =
            """
            {"cniVersion":"1.1.0","name":"culvert","type":"culvert-cni"}
            """;

    private final String name;
    private final NodeHolder node;
    private final int nodeNumber;
    private final Path cniExecutable;
    private Attachment attachment = new Attachment("", "");

    /**
     * Makes nothing yet.
     *
     * @param cniExecutable as this program finds it
     */
    Pod(String name, int nodeNumber, NodeHolder node, Path cniExecutable) {
        this.name = name;
        this.nodeNumber = nodeNumber;
        this.node = node;
        this.cniExecutable = cniExecutable;
    }

    /** Makes the namespace and executes ADD. */
    void attach() throws DemoException {
        node.command("ip", "netns", "add", name).output();
        node.command("ip", "netns", "exec", name, "ip", "link", "set", "lo", "up").output();
        attachment = Attachment.parse(execute("ADD"));
    }

    /** Executes DEL and removes the namespace. */
    void detach() throws DemoException {
        execute("DEL");
        node.command("ip", "netns", "delete", name).output();
    }

    private String execute(String verb) throws DemoException {
        Command.Result result =
                node.command(List.of(cniExecutable.toString()), environment(verb), NETWORK).run();
        if (result.status() != 0) {
            throw new DemoException("CNI %s of %s: %s".formatted(verb, name, result.text()));
        }
        return result.output();
    }

    private Map<String, String> environment(String verb) {
        return Map.of(
                "CNI_COMMAND",
                verb,
                "CNI_CONTAINERID",
                containerId(),
                "CNI_NETNS",
                "/run/netns/" + name,
                "CNI_IFNAME",
                "eth0",
                "CNI_PATH",
                String.valueOf(cniExecutable.getParent()),
                "CNI_ARGS",
                "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=%s;%s;K8S_POD_UID=%s"
                        .formatted(name, "K8S_POD_INFRA_CONTAINER_ID=" + containerId(), uid()));
    }

    /** As long as a runtime's: 64 hexadecimal digits. */
    private String containerId() {
        return String.format(Locale.ROOT, "%064x", name.hashCode() & 0xffffffffL);
    }

    private String uid() {
        return String.format(
                Locale.ROOT, "00000000-0000-4000-8000-%012x", name.hashCode() & 0xffffffffL);
    }

    /** The object that the scheduler and the kubelet would have made. */
    String json() {
        return """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"default"},
         "spec":{"nodeName":"%s","containers":[{"name":"main","image":"none"}]}}
        """
                .formatted(name, node.name());
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int nodeNumber() {
        return nodeNumber;
    }

    String address() {
        return attachment.address();
    }

    String hostInterface() {
        return attachment.hostInterface();
    }

    @Override
    public boolean mayAppearAs(String address) {
        return address.equals(attachment.address());
    }

    @Override
    public NamespaceSockets sockets() {
        return new NamespaceSockets(node.file("/run/netns/" + name));
    }

    @Override
    public List<String> enter(List<String> command) {
        List<String> words = new ArrayList<>(List.of("nsenter", "--net=/run/netns/" + name, "--"));
        words.addAll(command);
        return node.enter(words);
    }
}
