package dev.culvert.agent.ipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.net.Cidr;
import java.io.IOException;
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
}
