package dev.culvert.agent.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ClaimedRangesTest {
    private final ClaimedRanges ranges = new ClaimedRanges();

    @Test
    void findsWiderNarrowerAndEqualRanges() {
        add("10.1.0.0/16");
        add("10.4.7.0/24");
        assertThat(overlapping("10.1.2.0/24")).isEqualTo("10.1.0.0/16");
        assertThat(overlapping("10.0.0.0/14")).isEqualTo("10.1.0.0/16");
        assertThat(overlapping("10.4.0.0/16")).isEqualTo("10.4.7.0/24");
        assertThat(overlapping("10.4.7.0/24")).isEqualTo("10.4.7.0/24");
        assertThat(overlapping("10.4.8.0/24")).isEmpty();
    }

    @Test
    void keepsTheFamiliesApartAndKnowsHighAddresses() {
        add("::/64");
        add("200.0.0.0/8");
        add("fd00:1::/64");
        assertThat(overlapping("0.0.0.0/1")).isEmpty();
        assertThat(overlapping("200.1.0.0/16")).isEqualTo("200.0.0.0/8");
        assertThat(overlapping("fd00:1::/48")).isEqualTo("fd00:1:0:0:0:0:0:0/64");
        assertThat(overlapping("fd00:2::/64")).isEmpty();
    }

    /** Against the definition, for many ranges. */
    @Test
    void findsAnOverlapExactlyWhenThereIsOne() {
        Random random = new Random(11);
        List<Cidr> added = new ArrayList<>();
        int overlaps = 0;
        for (int i = 0; i < 3000; i++) {
            byte[] address = {10, (byte) random.nextInt(4), (byte) random.nextInt(256), 0};
            Cidr cidr = Cidr.containing(IpAddresses.of(address), 18 + random.nextInt(9));
            ClaimedRanges.Claim found = ranges.overlapping(cidr);
            if (found == null) {
                assertThat(added).noneMatch(each -> each.overlaps(cidr));
                ranges.add(cidr, "n" + i);
                added.add(cidr);
            } else {
                overlaps++;
                assertThat(found.cidr().overlaps(cidr)).isTrue();
                assertThat(added).contains(found.cidr());
            }
        }
        assertThat(overlaps).isPositive();
        assertThat(added).hasSizeGreaterThan(100);
    }

    private void add(String cidr) {
        ranges.add(Cidr.parse(cidr), "n");
    }

    private String overlapping(String cidr) {
        ClaimedRanges.Claim found = ranges.overlapping(Cidr.parse(cidr));
        return found == null ? "" : found.cidr().toString();
    }
}
