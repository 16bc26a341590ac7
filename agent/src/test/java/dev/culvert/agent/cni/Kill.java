package dev.culvert.agent.cni;

import dev.culvert.agent.ipam.LeaseStore;
import dev.culvert.agent.sandbox.KernelSandboxes;
import dev.culvert.agent.sandbox.Sandbox;
import dev.culvert.agent.sandbox.Sandboxes;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.Rtnetlink;
import dev.culvert.linux.route.VethSpec;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The end of a process after some of its steps: every call of what this wraps is a step, and from
 * the fatal one on none is carried out. One thread at a time.
 */
final class Kill {

    /** What nobody catches. */
    static final class Killed extends Error {
        private static final long serialVersionUID = 1;

        Killed(String step) {
            super("killed before " + step);
        }
    }

    private final int steps;
    private final List<String> done = new ArrayList<>();

    /**
     * @param steps how many are carried out
     */
    Kill(int steps) {
        this.steps = steps;
    }

    /** The steps so far. */
    List<String> done() {
        return done;
    }

    private void step(String name) {
        if (done.size() >= steps) {
            throw new Killed(name);
        }
        done.add(name);
    }

    Rtnetlink wrap(Rtnetlink real) {
        return proxy(
                Rtnetlink.class,
                (_, method, arguments) -> {
                    step(method.getName());
                    return method.getName().equals("createVeth")
                            ? createVeth(real, (VethSpec) arguments[0])
                            : invoke(method, real, arguments);
                });
    }

    /** Two steps for the kernel: it makes the pair, and then gives it its alias. */
    private Object createVeth(Rtnetlink real, VethSpec spec) throws IOException {
        if (done.size() < steps) {
            done.add("alias");
            return real.createVeth(spec);
        }
        var _ =
                real.createVeth(
                        new VethSpec(
                                spec.name(),
                                spec.mac(),
                                "",
                                spec.peerName(),
                                spec.peerMac(),
                                spec.peerNamespace(),
                                spec.mtu()));
        throw new Killed("alias");
    }

    LeaseStore wrap(LeaseStore real) {
        return proxy(
                LeaseStore.class,
                (_, method, arguments) -> {
                    step(method.getName());
                    return invoke(method, real, arguments);
                });
    }

    Sandboxes sandboxes() {
        KernelSandboxes real = new KernelSandboxes();
        return new Sandboxes() {
            @Override
            public <T> T call(NetworkNamespace namespace, Work<T> work) throws IOException {
                return real.call(namespace, sandbox -> work.run(wrap(sandbox)));
            }

            @Override
            public <T> T callPeerOf(String hostVeth, Work<T> work) throws IOException {
                return real.callPeerOf(hostVeth, sandbox -> work.run(wrap(sandbox)));
            }

            @Override
            public boolean isNode(NetworkNamespace namespace) throws IOException {
                return real.isNode(namespace);
            }
        };
    }

    private Sandbox wrap(Sandbox real) {
        Rtnetlink rtnetlink = wrap(real.rtnetlink());
        return new Sandbox() {
            @Override
            public Rtnetlink rtnetlink() {
                return rtnetlink;
            }

            @Override
            public void sysctl(String path, String value) throws IOException {
                step("sysctl");
                real.sysctl(path, value);
            }
        };
    }

    private interface Handler {
        @Nullable Object handle(Object self, Method method, Object[] arguments) throws Throwable;
    }

    private static <T> T proxy(Class<T> type, Handler handler) {
        return type.cast(
                Proxy.newProxyInstance(
                        type.getClassLoader(), new Class<?>[] {type}, handler::handle));
    }

    private static @Nullable Object invoke(Method method, Object on, Object[] arguments)
            throws Throwable {
        try {
            return method.invoke(on, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
