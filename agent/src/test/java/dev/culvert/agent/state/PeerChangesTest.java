package dev.culvert.agent.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import dev.culvert.overlay.fdb.Vtep;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PeerChangesTest {
    private static SubnetLease lease(String node, String range, String address) {
        return new SubnetLease(
                node,
                List.of(Cidr.parse(range)),
                new Vtep(node, IpAddresses.parse(address), 4789, MacAddress.ofName(node)));
    }

    private static List<String> told(List<SubnetLease> before, List<SubnetLease> after) {
        List<String> told = new ArrayList<>();
        PeerChanges.tell(before, after, told::add);
        return told;
    }

    @Test
    void tellsWhoCameWhoWentAndWhoMoved() {
        SubnetLease a = lease("a", "10.1.1.0/24", "192.0.2.1");
        SubnetLease b = lease("b", "10.1.2.0/24", "192.0.2.2");
        SubnetLease c = lease("c", "10.1.3.0/24", "192.0.2.3");
        SubnetLease moved = lease("c", "10.1.3.0/24", "192.0.2.33");
        SubnetLease d = lease("d", "10.1.4.0/24", "192.0.2.4");
        assertThat(told(List.of(a, b, c), List.of(b, moved, d)))
                .containsExactly(
                        "peer a is gone",
                        "peer c is at 192.0.2.33 with [10.1.3.0/24] now",
                        "peer d at 192.0.2.4 with [10.1.4.0/24] is new");
        assertThat(told(List.of(a, b), List.of(a, b))).isEmpty();
    }

    @Test
    void tellsOfManyInOneSentence() {
        List<SubnetLease> many =
                IntStream.range(100, 200)
                        .mapToObj(
                                number ->
                                        lease(
                                                "n" + number,
                                                "10.1.%d.0/24".formatted(number),
                                                "192.0.2." + number))
                        .toList();
        assertThat(told(List.of(), many))
                .containsExactly("many peers at once: 100 new, 0 gone, 0 changed");
        assertThat(told(many, List.of()))
                .containsExactly("many peers at once: 0 new, 100 gone, 0 changed");
    }
}
