package dev.culvert.agent.cni;

import dev.culvert.agent.attachment.AttachmentTable;
import dev.culvert.agent.ipam.LeaseStore;
import dev.culvert.agent.ipam.LeaseTable;
import dev.culvert.agent.sandbox.InMemoryRtnetlink;
import dev.culvert.agent.sandbox.InMemorySandboxes;
import dev.culvert.agent.sandbox.SandboxWiring;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.BridgeSpec;
import dev.culvert.linux.route.Link;
import dev.culvert.net.Cidr;
import dev.culvert.net.MacAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The handlers on a node in memory. Containers are told apart by the names of their interfaces,
 * since they share one namespace. One thread.
 */
final class InMemoryNode implements AutoCloseable {
    static final MacAddress BRIDGE = MacAddress.parse("0a:58:0a:f4:01:01");

    final InMemoryRtnetlink kernel = InMemoryRtnetlink.node();
    final ContainerLocks locks = new ContainerLocks();
    final LeaseTable leases;
    final AddHandler add;
    final DelHandler del;
    final CheckHandler check;
    final GcHandler gc;
    final StatusHandler status;
    @Nullable NodeNetwork network =
            new NodeNetwork(
                    "culvert0",
                    List.of(Cidr.parse("10.244.1.0/24"), Cidr.parse("fd00::/64")),
                    1450,
                    62_202);

    private final NetworkNamespace namespace;
    private final Path directory;

    InMemoryNode(LeaseStore journal) throws Exception {
        this(journal, new DeleteQueue(Path.of("no", "such", "directory")));
    }

    InMemoryNode(LeaseStore journal, DeleteQueue deletes) throws Exception {
        namespace = NetworkNamespace.current();
        kernel.createBridge(new BridgeSpec("culvert0", BRIDGE, 1450));
        leases = new LeaseTable(journal);
        SandboxWiring wiring = new SandboxWiring(kernel, new InMemorySandboxes(kernel));
        NodeReadiness readiness = new NodeReadiness(() -> network, () -> "no podCIDR");
        directory = Files.createTempDirectory("in-memory-node");
        AttachmentTable attachments = new AttachmentTable(directory.resolve("attachments"), "boot");
        add = new AddHandler(leases, wiring, readiness, deletes, attachments, AttachmentGate.OPEN);
        del = new DelHandler(leases, wiring, attachments, AttachmentGate.OPEN);
        check = new CheckHandler(leases, wiring, readiness);
        gc = new GcHandler(leases, del, locks);
        status = new StatusHandler(leases, readiness);
    }

    /** A configuration as the runtime puts it together. */
    static ObjectNode configuration(String version) {
        ObjectNode json = CniRequest.object();
        json.put("cniVersion", version);
        json.put("name", "culvert");
        json.put("type", "culvert-cni");
        return json;
    }

    static JsonNode parse(String json) {
        return JsonMapper.builder().build().readTree(json);
    }

    static CniRequest request(String verb, String container, String ifName, JsonNode stdin) {
        Map<String, String> environment = new TreeMap<>();
        environment.put("CNI_COMMAND", verb);
        environment.put("CNI_CONTAINERID", container);
        environment.put("CNI_IFNAME", ifName);
        environment.put("CNI_NETNS", "/run/netns/x");
        return new CniRequest(new CniFraming.Message(environment, stdin.toString()));
    }

    /** The result of an ADD. */
    JsonNode add(String container, String ifName, ObjectNode configuration) throws CniError {
        return parse(add.handle(request("ADD", container, ifName, configuration), namespace));
    }

    /** A CHECK against {@code result}. */
    void check(String container, String ifName, String version, JsonNode result) throws CniError {
        ObjectNode configuration = configuration(version);
        configuration.set("prevResult", result);
        check.handle(request("CHECK", container, ifName, configuration), namespace);
    }

    /** The interface of this name in the pods' namespace. */
    Link pod(String ifName) {
        return kernel.pod().link(ifName).orElseThrow();
    }

    NetworkNamespace namespace() {
        return namespace;
    }

    @Override
    public void close() {
        namespace.close();
        try {
            Files.deleteIfExists(directory.resolve("attachments"));
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
