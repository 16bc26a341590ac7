package dev.culvert.agent.ipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LeaseTableTest {
    private static final Endpoint A = new Endpoint("a", "eth0");
    private static final Endpoint B = new Endpoint("b", "eth0");
    private static final List<Cidr> RANGES =
            List.of(Cidr.parse("10.244.1.0/29"), Cidr.parse("fd00::/64"));

    @TempDir Path directory;

    private LeaseTable table(String boot) {
        LeaseTable table = new LeaseTable(new FileLeaseStore(directory.resolve("leases"), boot));
        table.ranges(RANGES);
        return table;
    }

    private List<Path> files() throws IOException {
        try (var files = Files.list(directory.resolve("leases"))) {
            return files.toList();
        }
    }

    @Test
    void leasesOneAddressOfEachFamily() throws Exception {
        AddressLease lease = table("1").lease(A, "ns/pod");
        assertThat(lease.addresses())
                .containsExactly(RANGES.get(0).address(2), RANGES.get(1).address(2));
    }

    @Test
    void refusesASecondLeaseOfAnEndpoint() throws Exception {
        LeaseTable table = table("1");
        AddressLease lease = table.lease(A, "");
        assertThatThrownBy(() -> table.lease(A, "")).isInstanceOf(IllegalStateException.class);
        assertThat(table.leases()).containsExactly(lease);
    }

    @Test
    void freesTheOtherFamilyWhenOneIsExhausted() throws Exception {
        LeaseTable table = table("1");
        table.ranges(List.of(Cidr.parse("fd00::/126"), Cidr.parse("10.244.1.0/30")));
        table.lease(A, "");
        assertThatThrownBy(() -> table.lease(B, "")).hasMessageContaining("10.244.1.0/30");
        table.release(A);
        assertThat(table.free()).isEqualTo(3);
        assertThat(table.inUse()).isZero();
    }

    @Test
    void takesNothingWhenTheJournalCannotBeWritten() throws Exception {
        Files.writeString(directory.resolve("leases"), "a file where the directory belongs");
        LeaseTable table = table("1");
        long free = table.free();
        assertThatThrownBy(() -> table.lease(A, "")).isInstanceOf(IOException.class);
        assertThat(table.leases()).isEmpty();
        assertThat(table.free()).isEqualTo(free);
    }

    @Test
    void keepsAnUnconfirmedLeaseInTheJournalUntilTheNextStartFreesIt() throws Exception {
        AddressLease cut = table("1").lease(A, "");
        LeaseTable next = table("1");
        assertThat(next.restore(List.of())).containsExactly(cut);
        assertThat(next.leases()).isEmpty();
        assertThat(files()).isEmpty();
    }

    @Test
    void keepsALeaseWhoseVethExists() throws Exception {
        LeaseTable first = table("1");
        AddressLease confirmed = first.lease(A, "");
        first.confirm(A);
        AddressLease unconfirmed = first.lease(B, "");
        LeaseTable next = table("1");
        assertThat(next.restore(List.of(confirmed, unconfirmed))).isEmpty();
        assertThat(next.leases()).containsExactly(confirmed, unconfirmed);
        assertThat(next.lease(new Endpoint("c", "eth0"), "").addresses().getFirst())
                .isEqualTo(RANGES.getFirst().address(4));
    }

    @Test
    void dropsTheJournalOfAnEarlierBoot() throws Exception {
        table("1").lease(A, "");
        assertThat(table("2").restore(List.of())).isEmpty();
        assertThat(files()).isEmpty();
    }

    @Test
    void setsAJournalEntryAsideThatIsCutAtAnyByte() throws Exception {
        table("1").lease(A, "ns/pod");
        Path file = files().getFirst();
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThat(table("1").restore(List.of())).isEmpty();
            assertThat(files()).hasSize(1);
            assertThat(files().getFirst().toString()).endsWith(".bad");
            Files.delete(files().getFirst());
        }
    }

    @Test
    void ignoresTheTemporaryFileOfAWriteThatWasCut() throws Exception {
        table("1").lease(A, "");
        Files.move(files().getFirst(), Path.of(files().getFirst() + ".tmp"));
        assertThat(table("1").restore(List.of())).isEmpty();
        assertThat(files()).isEmpty();
    }

    private static InetAddress ip(String text) {
        return IpAddresses.parse(text);
    }

    private static AddressRefusedException refusal(LeaseTable table, String... wanted) {
        List<InetAddress> addresses = Arrays.stream(wanted).map(IpAddresses::parse).toList();
        AddressRefusedException refusal =
                catchThrowableOfType(
                        AddressRefusedException.class, () -> table.lease(B, "", addresses));
        assertThat(refusal).isNotNull();
        return refusal;
    }

    @Test
    void givesTheAddressesThatAreAskedFor() throws Exception {
        LeaseTable table = table("1");
        List<InetAddress> wanted = List.of(ip("fd00::abcd:1:2:3"), ip("10.244.1.5"));
        assertThat(table.lease(A, "ns/pod", wanted).addresses())
                .containsExactly(ip("10.244.1.5"), ip("fd00::abcd:1:2:3"));
        assertThat(table.lease(B, "", List.of(ip("10.244.1.6"))).addresses())
                .as("the other family is taken in turn")
                .containsExactly(ip("10.244.1.6"), ip("fd00::2"));
    }

    @Test
    void saysWhoHasTheAddressThatIsAskedFor() throws Exception {
        LeaseTable table = table("1");
        AddressLease lease = table.lease(A, "ns/pod");
        long free = table.free();
        AddressRefusedException refusal = refusal(table, "fd00::99", "10.244.1.2");
        assertThat(refusal).hasMessage("address 10.244.1.2 is taken by container a of pod ns/pod");
        assertThat(refusal.isTaken()).isTrue();
        assertThat(table.free()).isEqualTo(free);
        table.release(A);
        assertThat(table.lease(B, "", lease.addresses()).addresses()).isEqualTo(lease.addresses());
    }

    @Test
    void refusesAddressesThatNoPodOfTheNodeCanHave() {
        LeaseTable table = table("1");
        for (String each :
                List.of("10.244.1.0", "10.244.1.1", "10.244.1.7", "10.9.9.9", "fd00::1")) {
            AddressRefusedException refusal = refusal(table, each);
            assertThat(refusal)
                    .hasMessageContaining(
                            "is not for pods of this node: it must lie in [10.244.1.");
            assertThat(refusal.isTaken()).isFalse();
        }
        assertThat(refusal(table, "10.244.1.2", "10.244.1.3"))
                .hasMessageContaining("two addresses of one family");
        assertThat(table.leases()).isEmpty();
        assertThat(table.inUse()).isZero();
    }

    @Test
    void letsAFreedAddressRestAcrossARestartToo() throws Exception {
        LeaseTable first = table("1");
        first.lease(A, "");
        first.confirm(A);
        first.release(A);
        LeaseTable next = table("1");
        next.restore(List.of());
        assertThat(next.lease(B, "").addresses()).containsExactly(ip("10.244.1.3"), ip("fd00::3"));
        assertThat(directory.resolve("latest-addresses"))
                .hasContent("boot 1\n10.244.1.3,fd00:0:0:0:0:0:0:3");
    }

    @Test
    void beginsAnewAfterAReboot() throws Exception {
        table("1").lease(A, "");
        LeaseTable next = table("2");
        next.restore(List.of());
        assertThat(next.lease(A, "").addresses()).contains(ip("10.244.1.2"));
    }

    @Test
    void keepsTheTurnOfARangeThatStays() throws Exception {
        LeaseTable table = table("1");
        table.lease(A, "");
        table.release(A);
        table.ranges(List.of(RANGES.getFirst()));
        assertThat(table.lease(A, "").addresses()).containsExactly(ip("10.244.1.3"));
        table.ranges(List.of(Cidr.parse("10.244.9.0/24")));
        assertThat(table.lease(B, "").addresses()).containsExactly(ip("10.244.9.2"));
        assertThat(table.held()).contains(ip("10.244.1.3"), ip("10.244.9.2"));
    }

    @Test
    void saysWhichRangeIsExhausted() throws Exception {
        LeaseTable table = table("1");
        table.ranges(List.of(Cidr.parse("fd00::/64"), Cidr.parse("10.244.1.0/30")));
        table.checkFree();
        table.lease(A, "");
        assertThatThrownBy(table::checkFree)
                .hasMessage("no address is free in 10.244.1.0/30: all 1 are in use");
        table.release(A);
        table.checkFree();
    }

    @Test
    void releasesOnlyTheLeaseThatIsMeantAndNoneThatIsInProgress() throws Exception {
        LeaseTable table = table("1");
        AddressLease lease = table.lease(A, "");
        assertThat(table.idle()).isEmpty();
        assertThat(table.releaseIdle(lease)).isFalse();
        table.confirm(A);
        assertThat(table.idle()).containsExactly(lease);
        table.release(A);
        AddressLease again = table.lease(A, "");
        table.abandon(A);
        assertThat(table.releaseIdle(lease)).isFalse();
        assertThat(table.releaseIdle(again)).isTrue();
        assertThat(files()).isEmpty();
    }

    @Test
    void anAdoptedAddressIsTakenUntilItsLastHolderEnds() throws Exception {
        LeaseTable table = table("1");
        AddressLease lease = table.lease(A, "");
        table.adopt(new AddressLease(B, lease.addresses(), ""));
        table.release(A);
        Endpoint c = new Endpoint("c", "eth0");
        assertThatThrownBy(() -> table.lease(c, "", lease.addresses()))
                .hasMessageContaining("taken by container b");
        table.release(B);
        assertThat(table.lease(c, "", lease.addresses()).addresses()).isEqualTo(lease.addresses());
    }
}
