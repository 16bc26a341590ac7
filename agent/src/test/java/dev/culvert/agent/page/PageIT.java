package dev.culvert.agent.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser.NewContextOptions;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.ColorScheme;
import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PageIT {
    private final Browser browser = Browser.start();
    private SimulatedAgent agent = new SimulatedAgent(0);

    @BeforeAll
    void beOfPatience() {
        PlaywrightAssertions.setDefaultAssertionTimeout(30_000);
    }

    @AfterEach
    void nothingWentWrongInside() {
        List<String> troubles = browser.closeWindows();
        agent.close();
        assertThat(troubles).isEmpty();
    }

    @AfterAll
    void close() {
        browser.close();
    }

    @Test
    void showsTheClusterAsTheNodeSeesIt() throws IOException {
        Page page = open(4, new NewContextOptions());

        assertThat(page).hasTitle("node0 · Culvert");
        assertThat(page.locator("#ready")).hasText("ready");
        assertThat(page.locator("#tile-peers")).hasText("5");
        assertThat(page.locator("#tile-states")).hasText("2 up · 1 lossy · 1 down");
        assertThat(page.locator("#tile-egress")).hasText("10.0 Mbit/s");
        assertThat(page.locator("#tile-ingress")).hasText("2.0 Mbit/s");
        assertThat(page.locator("#tile-drops")).hasText("3.0 packets/s");
        assertThat(page.locator("#map g.peer")).hasCount(4);
        assertThat(page.locator("#map circle.down")).hasCount(1);
        assertThat(row(page, "node2")).containsText("25 %");
        assertThat(row(page, "node3")).containsText("down");
        assertThat(row(page, "node4")).containsText("154 µs");
        assertThat(row(page, "node4")).containsText("32.0 kbit/s");
        assertThat(page.locator("#pods")).containsText("shop/cart-0");
        assertThat(page.locator("#pods")).containsText("10.244.0.7");
        assertThat(page.locator("#drops tr")).hasCount(1);
        assertThat(page.locator("#drops")).containsText("no peer serves it (no_vtep)");
        assertThat(page.locator("#policies-note")).containsText("in force: 3");
        assertThat(page.locator("#policies tr")).hasCount(2);
        assertThat(page.locator("#policies")).containsText("shop/denyingressshop/cart-0");
        assertThat(page.locator("#policies")).containsText("not understood: port 0 is none");
        assertThat(page.locator("#changes li").first()).containsText("a route was put back");
        assertThat(page.locator("#troubles")).isHidden();
    }

    @Test
    void staysLiveAndSaysWhatGoesWrong() throws IOException {
        Page page = open(4, new NewContextOptions());
        assertThat(row(page, "node4")).isVisible();

        agent.remove(1);
        agent.warn("podCIDR 10.1.0.0/24 of node x overlaps");
        agent.unready();
        assertThat(row(page, "node4")).isHidden();
        assertThat(page.locator("#troubles-list"))
                .containsText("podCIDR 10.1.0.0/24 of node x overlaps");
        assertThat(page.locator("#troubles-list")).containsText("UDP port 4789 is taken");
        assertThat(page.locator("#ready")).hasText("not ready");
        agent.warn("");
        assertThat(page.locator("#troubles-list li")).hasCount(1);
        page.locator("#pause").click();
        assertThat(page.locator("#freshness")).hasText(Pattern.compile("paused at .*"));
        page.locator("#pause").click();

        agent.close();
        assertThat(page.locator("#freshness"))
                .hasText(Pattern.compile("the agent does not answer since .*"));
        assertThat(row(page, "node1")).isVisible();
        browser.troubles().removeIf(each -> each.contains("net::ERR_CONNECTION"));
    }

    @Test
    void whatTheClusterSaysIsTextAndNeverMarkup() throws IOException {
        agent = new SimulatedAgent(1);
        agent.rename("<img src=x onerror=alert(1)>");
        agent.warn("<b>bold</b>");
        Page page = browser.open(agent.start(), new NewContextOptions());

        assertThat(page.locator("#pods")).containsText("<img src=x onerror=alert(1)>");
        assertThat(page.locator("#troubles-list")).containsText("<b>bold</b>");
        assertThat(page.locator("#pods img")).hasCount(0);
    }

    @Test
    void copesWithFiveThousandNodes() throws IOException {
        Page page = open(5000, new NewContextOptions());

        assertThat(page.locator("#tile-peers")).hasText("5,001");
        assertThat(page.locator("#peers")).hasAttribute("aria-rowcount", "5001");
        assertThat(page.locator("#map canvas")).isVisible();
        assertThat(page.locator("#peers .body .row").count()).isBetween(10, 40);
        page.locator("#peers-filter").fill("node4711");
        assertThat(row(page, "node4711")).isVisible();
        assertThat(page.locator("#peers-count")).hasText("1 of 5,000 other nodes");
        page.locator("#peers-filter").fill("");
        page.locator("#peers .body").focus();
        page.keyboard().press("End");
        assertThat(row(page, "node5000")).isVisible();
        int before = agent.asked();
        page.waitForCondition(() -> agent.asked() > before + 1);
        assertThat(row(page, "node5000")).isVisible();
    }

    @Test
    void canBeUsedWithTheKeyboardAlone() throws IOException {
        Page page = open(40, new NewContextOptions());
        assertThat(row(page, "node1")).isVisible();

        page.keyboard().press("Tab");
        assertThat(page.locator(".skip")).isFocused();
        page.keyboard().press("Enter");
        assertThat(page.locator("#peers-filter")).isFocused();
        tabTo(page, "#peers-states button:nth-of-type(1)");
        page.keyboard().press("Space");
        assertThat(page.locator("#peers-count")).hasText("2 of 40 other nodes");
        page.keyboard().press("Space");
        tabTo(page, "#peers .head span:nth-of-type(5) button");
        page.keyboard().press("Enter");
        assertThat(page.locator("#peers .head span:nth-of-type(5)"))
                .hasAttribute("aria-sort", "descending");
        tabTo(page, "#peers .body");
        page.keyboard().press("ArrowDown");
        assertThat(page.locator("#peer-detail")).containsText("node40: up, answered last at");
        page.keyboard().press("ArrowDown");
        assertThat(page.locator("#peer-detail")).containsText("node39:");
        assertThat(page.locator("#peers .body"))
                .hasAttribute("aria-activedescendant", "peer-node39");
        page.keyboard().press("End");
        assertThat(page.locator("#peer-detail")).containsText("node3: down, never answered");
    }

    @Test
    void isLightOrDarkAsTheReaderWants() throws IOException {
        Page page = open(1, new NewContextOptions().setColorScheme(ColorScheme.DARK));
        assertThat(page.locator("body")).hasCSS("background-color", "rgb(16, 22, 29)");
        page.locator("#theme").click();
        assertThat(page.locator("body")).hasCSS("background-color", "rgb(246, 247, 249)");
        page.reload();
        assertThat(page.locator("#theme")).hasText("Theme: light");
        assertThat(page.locator("body")).hasCSS("background-color", "rgb(246, 247, 249)");
    }

    @Test
    void fitsANarrowWindow() throws IOException {
        Page page = open(3, new NewContextOptions().setViewportSize(400, 800));
        assertThat(row(page, "node1")).isVisible();
        assertThat(page.evaluate("document.documentElement.scrollWidth <= 400")).isEqualTo(true);
    }

    private Page open(int peers, NewContextOptions options) throws IOException {
        agent = new SimulatedAgent(peers);
        return browser.open(agent.start(), options);
    }

    private static Locator row(Page page, String node) {
        return page.locator("#peer-" + node);
    }

    private static void tabTo(Page page, String selector) {
        Locator target = page.locator(selector);
        for (int i = 0; i < 20; i++) {
            page.keyboard().press("Tab");
            if (Boolean.TRUE.equals(target.evaluate("each => each === document.activeElement"))) {
                return;
            }
        }
        throw new AssertionError("the Tab key does not lead to " + selector);
    }
}
