package dev.culvert.agent.runtime;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The kubelet's side of the container runtime interface (CRI, {@code runtime.v1}), as far as
 * sandboxes go. Any thread. Calls throw {@link StatusRuntimeException}.
 *
 * @see <a href="https://github.com/kubernetes/cri-api/blob/master/pkg/apis/runtime/v1/api.proto">
 *     api.proto</a>
 */
public final class RuntimeClient implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final EventLoopGroup loop;
    private final ManagedChannel channel;

    private RuntimeClient(EventLoopGroup loop, ManagedChannel channel) {
        this.loop = loop;
        this.channel = channel;
    }

    /**
     * A pod as the kubelet asks for it.
     *
     * @param name also its uid
     * @param annotations of the Pod object
     * @param hostPorts TCP port of the node to port of the pod
     */
    public record Pod(
            String name, Map<String, String> annotations, Map<Integer, Integer> hostPorts) {
        /** One without annotations and ports. */
        public static Pod named(String name) {
            return new Pod(name, Map.of(), Map.of());
        }

        private Message config() {
            Message metadata =
                    Message.EMPTY.with(1, name).with(2, name).with(3, "default").with(4, 0);
            Message config = Message.EMPTY.with(1, metadata).with(2, name);
            for (Map.Entry<Integer, Integer> port : hostPorts.entrySet()) {
                config =
                        config.with(
                                5, Message.EMPTY.with(2, port.getValue()).with(3, port.getKey()));
            }
            for (Map.Entry<String, String> each : annotations.entrySet()) {
                config =
                        config.with(
                                7, Message.EMPTY.with(1, each.getKey()).with(2, each.getValue()));
            }
            return config;
        }
    }

    /** Connects to the socket of a runtime, now or when it is there. */
    @SuppressWarnings("deprecation") // the shaded transport has no other way yet
    static RuntimeClient connect(Path socket) {
        EventLoopGroup loop = new EpollEventLoopGroup(1);
        ManagedChannel channel =
                NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toFile()))
                        .eventLoopGroup(loop)
                        .channelType(EpollDomainSocketChannel.class)
                        .overrideAuthority("localhost")
                        .usePlaintext()
                        .build();
        return new RuntimeClient(loop, channel);
    }

    /** Starts a sandbox and returns its id. */
    public String run(Pod pod) {
        return run(pod, PATIENCE);
    }

    /** The same, given up after some time as a kubelet does that is stopped. */
    public String run(Pod pod, Duration limit) {
        Message request = Message.EMPTY.with(1, pod.config());
        return call("RunPodSandbox", request, limit).text(1);
    }

    /** Stops a sandbox; one that is not there is none to stop. */
    public void stop(String id) {
        try {
            call("StopPodSandbox", Message.EMPTY.with(1, id), PATIENCE);
        } catch (StatusRuntimeException e) {
            // Some versions of containerd say so when an earlier call removed it after all.
            if (e.getStatus().getCode() != Status.Code.NOT_FOUND) {
                throw e;
            }
        }
    }

    /** Removes a sandbox that is stopped. */
    public void remove(String id) {
        call("RemovePodSandbox", Message.EMPTY.with(1, id), PATIENCE);
    }

    /** The ids of all sandboxes. */
    public List<String> list() {
        return call("ListPodSandbox", Message.EMPTY, PATIENCE).parts(1).stream()
                .map(each -> each.text(1))
                .toList();
    }

    /** The address of a sandbox. */
    public String address(String id) {
        return call("PodSandboxStatus", Message.EMPTY.with(1, id), PATIENCE)
                .part(1)
                .part(5)
                .text(1);
    }

    /** The path of a sandbox's network namespace inside the node. */
    public String netns(String id) {
        Message answer = call("PodSandboxStatus", Message.EMPTY.with(1, id).with(2, 1), PATIENCE);
        String info =
                answer.parts(2).stream()
                        .filter(each -> each.text(1).equals("info"))
                        .map(each -> each.text(2))
                        .findFirst()
                        .orElseThrow();
        for (JsonNode each : new JsonMapper().readTree(info).at("/runtimeSpec/linux/namespaces")) {
            if (each.path("type").asString("").equals("network")) {
                // An absolute link would lead out of the node.
                return each.path("path").asString().replaceFirst("^/var/run/", "/run/");
            }
        }
        throw new AssertionError("sandbox " + id + " has no network: " + info);
    }

    /** Whether the runtime has a network for pods; false when it does not answer. */
    public boolean isNetworkReady() {
        try {
            return call("Status", Message.EMPTY, PATIENCE).part(1).parts(1).stream()
                    .anyMatch(each -> each.text(1).equals("NetworkReady") && each.number(2) == 1);
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() == Status.Code.UNAVAILABLE) {
                return false;
            }
            throw e;
        }
    }

    /** Whether the runtime answers. */
    public boolean answers() {
        try {
            return !call("Version", Message.EMPTY, PATIENCE).text(2).isEmpty();
        } catch (StatusRuntimeException _) {
            return false;
        }
    }

    private Message call(String method, Message request, Duration limit) {
        return ClientCalls.blockingUnaryCall(
                channel,
                method(method),
                CallOptions.DEFAULT.withDeadlineAfter(limit.toMillis(), TimeUnit.MILLISECONDS),
                request);
    }

    private static MethodDescriptor<Message, Message> method(String name) {
        return MethodDescriptor.<Message, Message>newBuilder()
                .setType(MethodType.UNARY)
                .setFullMethodName("runtime.v1.RuntimeService/" + name)
                .setRequestMarshaller(new Wire())
                .setResponseMarshaller(new Wire())
                .build();
    }

    private static final class Wire implements MethodDescriptor.Marshaller<Message> {
        @Override
        public InputStream stream(Message message) {
            return new ByteArrayInputStream(message.bytes());
        }

        @Override
        public Message parse(InputStream stream) {
            try {
                return Message.parse(stream.readAllBytes());
            } catch (InvalidProtocolBufferException e) {
                throw Status.INTERNAL.withCause(e).asRuntimeException();
            } catch (IOException e) {
                throw Status.UNAVAILABLE.withCause(e).asRuntimeException();
            }
        }
    }

    @Override
    public void close() {
        channel.shutdownNow();
        var _ = loop.shutdownGracefully(0, 5, TimeUnit.SECONDS);
    }
}
