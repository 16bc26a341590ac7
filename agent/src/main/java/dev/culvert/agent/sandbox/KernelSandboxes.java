package dev.culvert.agent.sandbox;

import dev.culvert.linux.Sysctl;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.route.Rtnetlink;
import dev.culvert.linux.veth.VethPeer;
import java.io.IOException;

/** The kernel's namespaces. Any platform thread. */
public final class KernelSandboxes implements Sandboxes {

    private record Inside(Rtnetlink rtnetlink) implements Sandbox {
        @Override
        public void sysctl(String path, String value) throws IOException {
            Sysctl.set(path, value);
        }
    }

    @Override
    public <T> T call(NetworkNamespace namespace, Work<T> work) throws IOException {
        try {
            return namespace.call(
                    () -> {
                        try (Rtnetlink rtnetlink = KernelRtnetlink.open()) {
                            return work.run(new Inside(rtnetlink));
                        }
                    });
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("work in a pod's namespace threw", e);
        }
    }

    @Override
    public <T> T callPeerOf(String hostVeth, Work<T> work) throws IOException {
        try (NetworkNamespace namespace = VethPeer.openNamespace(hostVeth)) {
            return call(namespace, work);
        }
    }

    @Override
    public boolean isNode(NetworkNamespace namespace) throws IOException {
        try (NetworkNamespace own = NetworkNamespace.current()) {
            return namespace.equals(own);
        }
    }
}
