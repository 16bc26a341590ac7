package dev.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.agent.cni.CniDispatcher.Answer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How calls about one container get along with each other. */
final class CniDispatcherTest {
    @TempDir Path directory;

    private final CallOrder order = new CallOrder();
    private DeleteQueue deletes;
    private InMemoryNode node;
    private CniDispatcher dispatcher;

    @BeforeEach
    void start() throws Exception {
        deletes = new DeleteQueue(directory);
        node = new InMemoryNode(new InMemoryLeaseStore(), deletes);
        dispatcher =
                new CniDispatcher(
                        Map.of("ADD", node.add, "DEL", node.del, "GC", node.gc),
                        node.locks,
                        order,
                        new SimpleMeterRegistry());
    }

    @AfterEach
    void close() {
        node.close();
    }

    private static CniRequest request(String verb) {
        return InMemoryNode.request(verb, "web", "eth0", InMemoryNode.configuration("1.1.0"));
    }

    private Answer dispatch(String verb, long number) throws IOException {
        List<Answer> answers = new ArrayList<>();
        dispatcher.dispatch(request(verb), node.namespace(), number, answers::add);
        assertThat(answers).hasSize(1);
        return answers.getFirst();
    }

    private void assertNothingIsLeft() {
        assertThat(node.leases.leases()).isEmpty();
        assertThat(node.kernel.links()).noneMatch(each -> each.kind().equals("veth"));
        assertThat(node.locks.size()).isZero();
    }

    @Test
    void refusesAnAddThatALaterDeleteOvertook() throws Exception {
        long add = order.enter();
        long del = order.enter();
        assertThat(dispatch("DEL", del).isSuccess()).isTrue();
        Answer refused = dispatch("ADD", add);
        assertThat(refused.isSuccess()).isFalse();
        assertThat(refused.stdout()).contains("\"code\":11").contains("a DEL of web/eth0");
        assertNothingIsLeft();
        order.leave(add);
        order.leave(del);
        assertThat(dispatch("ADD", order.enter()).isSuccess()).isTrue();
    }

    @Test
    void undoesAnAddWhoseCallerIsGone() {
        assertThatThrownBy(
                        () ->
                                dispatcher.dispatch(
                                        request("ADD"),
                                        node.namespace(),
                                        order.enter(),
                                        _ -> {
                                            throw new IOException("EPIPE");
                                        }))
                .hasMessage("EPIPE");
        assertNothingIsLeft();
    }

    @Test
    void keepsTheAttachmentWhenTheCallerOfARefusedAddIsGone() throws Exception {
        assertThat(dispatch("ADD", order.enter()).isSuccess()).isTrue();
        assertThatThrownBy(
                        () ->
                                dispatcher.dispatch(
                                        request("ADD"),
                                        node.namespace(),
                                        order.enter(),
                                        _ -> {
                                            throw new IOException("EPIPE");
                                        }))
                .hasMessage("EPIPE");
        assertThat(node.leases.leases()).hasSize(1);
    }

    @Test
    void deliversBeforeTheNextCallAboutTheContainerBegins() throws Exception {
        dispatcher.dispatch(
                request("ADD"),
                node.namespace(),
                order.enter(),
                _ -> assertThat(node.locks.tryHold("web")).isNull());
        assertThat(node.locks.size()).isZero();
    }

    @Test
    void leavesAQueuedDeleteAsLongAsACallIsUnderWay() throws Exception {
        assertThat(dispatch("ADD", order.enter()).isSuccess()).isTrue();
        try (var _ = node.locks.hold("web")) {
            assertThat(dispatcher.dispatchQueued(request("DEL"), order.enter())).isFalse();
            assertThat(node.leases.leases()).hasSize(1);
        }
        assertThat(dispatcher.dispatchQueued(request("DEL"), order.enter())).isTrue();
        assertNothingIsLeft();
    }

    @Test
    void makesNothingThatAQueuedDeleteWouldRemove() throws Exception {
        Path file = directory.resolve("web-eth0.del");
        Files.writeString(
                file,
                "CNI_COMMAND=DEL\0CNI_CONTAINERID=web\0CNI_IFNAME=eth0\0\0{}",
                StandardCharsets.UTF_8);
        Answer refused = dispatch("ADD", order.enter());
        assertThat(refused.stdout()).contains("\"code\":11").contains("was queued");
        assertNothingIsLeft();
        deletes.drain(delete -> dispatcher.dispatchQueued(delete, order.enter()));
        assertThat(file).doesNotExist();
        assertThat(dispatch("ADD", order.enter()).isSuccess()).isTrue();
    }
}
