package dev.culvert.iptables;

import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpFamily;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** A network namespace with rules of its own, and the real programs in it. One thread. */
final class FilterNode implements AutoCloseable {
    private final TestNamespaces namespaces;
    private final NetworkNamespace namespace;
    private final IptablesMode mode;

    private FilterNode(TestNamespaces namespaces, NetworkNamespace namespace, IptablesMode mode) {
        this.namespaces = namespaces;
        this.namespace = namespace;
        this.mode = mode;
    }

    /** Skips the test, and says why, if it cannot be. */
    static FilterNode create(IptablesMode mode) throws Exception {
        TestNamespaces.assumeInstalled(mode.saveProgram(IpFamily.IPV6), "ipset", "nsenter");
        TestNamespaces namespaces = TestNamespaces.assumePermitted();
        try {
            FilterNode node = new FilterNode(namespaces, namespaces.create(), mode);
            node.assumeKernelHas(mode);
            return node;
        } catch (Exception | Error e) {
            namespaces.close();
            throw e;
        }
    }

    private void assumeKernelHas(IptablesMode mode) throws Exception {
        for (IpFamily family : IpFamily.values()) {
            String program = mode.saveProgram(family);
            TestNamespaces.Output output = namespaces.run(namespace, program, "-t", "nat");
            Assumptions.assumeTrue(
                    output.status() == 0, "needs a kernel for " + program + ": " + output);
        }
        // Without root the lock file of iptables-legacy cannot be opened.
        List<String> restore = List.of(mode.restoreProgram(IpFamily.IPV4), "--noflush", "-w", "30");
        IptablesCommand.Result result = command().run(restore, "*filter\nCOMMIT\n");
        Assumptions.assumeTrue(
                result.status() == 0, "needs root for " + restore + ": " + result.error());
    }

    /** Lets kubelet's hint tell which variant is used here. */
    FilterNode withHint() throws Exception {
        for (IpFamily family : IpFamily.values()) {
            restore(family, "*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n");
        }
        return this;
    }

    /** A second one of the same kind. */
    FilterNode another() throws Exception {
        return new FilterNode(namespaces, namespaces.create(), mode);
    }

    NetworkNamespace namespace() {
        return namespace;
    }

    TestNamespaces namespaces() {
        return namespaces;
    }

    /** Runs the programs in here. */
    IptablesCommand command() {
        return new NamespaceCommand(namespace);
    }

    /** What somebody else does by hand, which must be accepted. */
    void restore(IpFamily family, String script) throws Exception {
        IptablesCommand.Result result =
                command()
                        .run(
                                List.of(mode.restoreProgram(family), "--noflush", "--wait", "30"),
                                script);
        if (result.status() != 0) {
            throw new AssertionError(result.error() + "\nrefused:\n" + script);
        }
    }

    /** All tables, without what differs from one time to the next. */
    List<String> save(IpFamily family) throws Exception {
        IptablesCommand.Result result = command().run(List.of(mode.saveProgram(family)), "");
        return result.output()
                .lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.replaceAll("\\[\\d+:\\d+]", "[0:0]"))
                .toList();
    }

    /** The rules of a chain, as they are printed. */
    List<String> rules(IpFamily family, TableName table, String chain) throws Exception {
        return SavedRules.parse(String.join("\n", save(family))).table(table).rules(chain).stream()
                .map(SavedRule::text)
                .toList();
    }

    /** What others own: everything but our chains and rules, table by table. */
    List<String> others(IpFamily family) throws Exception {
        return save(family).stream()
                .filter(line -> !line.startsWith(":CULVERT-") && !line.startsWith("-A CULVERT-"))
                .filter(line -> !line.contains("culvert:"))
                .toList();
    }

    String ipset(String... words) throws Exception {
        return namespaces.check(
                namespace,
                Stream.concat(Stream.of("ipset"), Stream.of(words)).toArray(String[]::new));
    }

    @Override
    public void close() {
        namespaces.close();
    }
}
