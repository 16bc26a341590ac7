package dev.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.linux.route.Link;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

final class GcHandlerTest {
    private static final String TWO_IS_VALID = "[{\"containerID\":\"two\",\"ifname\":\"eth2\"}]";

    private final InMemoryLeaseStore journal = new InMemoryLeaseStore();
    private InMemoryNode node;

    @BeforeEach
    void addThree() throws Exception {
        node = new InMemoryNode(journal);
        ObjectNode configuration = InMemoryNode.configuration("1.1.0");
        node.add("one", "eth1", configuration);
        node.add("two", "eth2", configuration);
        node.add("three", "eth3", configuration);
    }

    @AfterEach
    void close() {
        node.close();
    }

    private void gc(String... keysAndLists) throws CniError {
        ObjectNode configuration = InMemoryNode.configuration("1.1.0");
        for (int i = 0; i < keysAndLists.length; i += 2) {
            configuration.set(keysAndLists[i], InMemoryNode.parse(keysAndLists[i + 1]));
        }
        String answer = node.gc.handle(InMemoryNode.request("GC", "", "", configuration), null);
        assertThat(answer).isEmpty();
    }

    private CniError refusal(String... keysAndLists) {
        CniError error = catchThrowableOfType(CniError.class, () -> gc(keysAndLists));
        assertThat(error).isNotNull();
        return error;
    }

    private List<String> attached() {
        assertThat(node.kernel.links())
                .filteredOn(each -> each.kind().equals("veth"))
                .extracting(Link::alias)
                .isEqualTo(node.leases.leases().stream().map(AddressLease::alias).toList());
        return node.leases.leases().stream().map(each -> each.endpoint().containerId()).toList();
    }

    @Test
    void removesWhatTheRuntimeDoesNotKnow() throws Exception {
        gc("cni.dev/valid-attachments", TWO_IS_VALID);
        assertThat(attached()).containsExactly("two");
        gc("cni.dev/valid-attachments", TWO_IS_VALID);
        assertThat(attached()).containsExactly("two");
    }

    @Test
    void takesAContainerWithAnotherInterfaceForAnother() throws Exception {
        gc("cni.dev/valid-attachments", "[{\"containerID\":\"two\",\"ifname\":\"eth0\"}]");
        assertThat(attached()).isEmpty();
    }

    @Test
    void knowsTheOlderKeyToo() throws Exception {
        gc("cni.dev/attachments", TWO_IS_VALID);
        assertThat(attached()).containsExactly("two");
    }

    @Test
    void believesTheNewerKeyWhenThereAreBoth() throws Exception {
        gc("cni.dev/attachments", "[]", "cni.dev/valid-attachments", TWO_IS_VALID);
        assertThat(attached()).containsExactly("two");
    }

    @Test
    void removesEverythingWhenTheListIsEmpty() throws Exception {
        gc("cni.dev/valid-attachments", "[]");
        assertThat(attached()).isEmpty();
    }

    @Test
    void removesNothingWithoutAList() throws Exception {
        gc();
        gc("cni.dev/valid-attachments", "null", "cni.dev/attachments", "null");
        assertThat(attached()).containsExactly("one", "two", "three");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "\"two\"",
                "[\"two\"]",
                "[{}]",
                "[{\"containerID\":\"two\"}]",
                "[{\"containerID\":\"two\",\"ifname\":\"eth2\"},{\"containerID\":[],\"ifname\":\"x\"}]"
            })
    void removesNothingWhenTheListIsMalformed(String list) {
        CniError error = refusal("cni.dev/valid-attachments", list);
        assertThat(error.code()).isEqualTo(7);
        assertThat(error).hasMessageContaining("nothing is removed");
        assertThat(attached()).containsExactly("one", "two", "three");
    }

    @Test
    void goesOnAfterAFailureAndReportsIt() throws Exception {
        journal.keep("one");
        CniError error = refusal("cni.dev/valid-attachments", TWO_IS_VALID);
        assertThat(error.code()).isEqualTo(103);
        assertThat(error).hasMessage("1 attachments cannot be removed");
        assertThat(error.details()).contains("one/eth1").contains("the disk is full");
        assertThat(node.leases.leases())
                .extracting(each -> each.endpoint().containerId())
                .containsExactly("one", "two");
        journal.keep(null);
        gc("cni.dev/valid-attachments", TWO_IS_VALID);
        assertThat(attached()).containsExactly("two");
    }

    @Test
    void leavesAloneWhatACallIsAtWorkOn() throws Exception {
        try (var _ = node.locks.hold("one")) {
            gc("cni.dev/valid-attachments", TWO_IS_VALID);
        }
        assertThat(attached()).containsExactly("one", "two");
        assertThat(node.locks.size()).isZero();
    }

    @Test
    void doesNotExistBeforeOneOne() {
        ObjectNode configuration = InMemoryNode.configuration("1.0.0");
        configuration.putArray("cni.dev/valid-attachments");
        CniError error =
                catchThrowableOfType(
                        CniError.class,
                        () ->
                                node.gc.handle(
                                        InMemoryNode.request("GC", "", "", configuration), null));
        assertThat(error.code()).isEqualTo(1);
        assertThat(attached()).hasSize(3);
    }
}
