package dev.culvert.agent.sandbox;

import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.Rtnetlink;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Every namespace is the one pod of an {@link InMemoryRtnetlink}. One thread. */
public final class InMemorySandboxes implements Sandboxes {
    private final InMemoryRtnetlink node;
    private final List<String> sysctls = new ArrayList<>();
    private boolean isNode;

    public InMemorySandboxes(InMemoryRtnetlink node) {
        this.node = node;
    }

    /** Makes every namespace the node's own. */
    public void pretendToBeNode() {
        isNode = true;
    }

    /** What was set, as {@code path=value}. */
    public List<String> sysctls() {
        return sysctls;
    }

    @Override
    public <T> T call(NetworkNamespace namespace, Work<T> work) throws IOException {
        return work.run(sandbox());
    }

    @Override
    public <T> T callPeerOf(String hostVeth, Work<T> work) throws IOException {
        return work.run(sandbox());
    }

    private Sandbox sandbox() {
        return new Sandbox() {
            @Override
            public Rtnetlink rtnetlink() {
                return node.pod();
            }

            @Override
            public void sysctl(String path, String value) {
                sysctls.add(path + "=" + value);
            }
        };
    }

    @Override
    public boolean isNode(NetworkNamespace namespace) {
        return isNode;
    }
}
