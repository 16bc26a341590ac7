// A table of any length, of which only the rows in sight exist. The keyboard moves a selection.

const SPARE_ROWS = 6;

export class Grid {
  #columns;
  #chosen;
  #head;
  #body;
  #space;
  #root;
  #rows = [];
  #drawn = new Map();
  #selected = null;
  #sort = { column: 0, descending: false };

  /** Columns: {title, text(row), value(row), kind}; chosen(row or null) is told of the selection. */
  constructor(root, columns, chosen) {
    this.#root = root;
    this.#columns = columns;
    this.#chosen = chosen;
    this.#head = root.querySelector(".head");
    this.#body = root.querySelector(".body");
    this.#space = root.querySelector(".space");
    columns.forEach((column, index) => this.#head.append(this.#heading(column, index)));
    this.#body.addEventListener("scroll", () => this.#draw());
    this.#body.addEventListener("keydown", (event) => this.#key(event));
    this.#body.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (row !== null) {
        this.select(row.dataset.key);
      }
    });
    new ResizeObserver(() => this.#draw()).observe(this.#body);
    this.#markSort();
  }

  show(rows) {
    const { column, descending } = this.#sort;
    const value = this.#columns[column].value;
    const sign = descending ? -1 : 1;
    this.#rows = rows.slice().sort((a, b) => {
      const x = value(a);
      const y = value(b);
      return x === y ? compare(a.node, b.node) : sign * compare(x, y);
    });
    this.#root.setAttribute("aria-rowcount", String(this.#rows.length + 1));
    this.#space.style.height = `calc(var(--row) * ${this.#rows.length})`;
    this.#draw();
    this.#tell();
  }

  select(node) {
    this.#selected = node;
    const index = this.#rows.findIndex((each) => each.node === node);
    if (index >= 0) {
      this.#reveal(index);
    }
    this.#draw();
    this.#tell();
  }

  #tell() {
    this.#chosen(this.#rows.find((each) => each.node === this.#selected) ?? null);
  }

  #rowHeight() {
    return this.#head.offsetHeight || 32;
  }

  #reveal(index) {
    const height = this.#rowHeight();
    const top = index * height;
    if (top < this.#body.scrollTop) {
      this.#body.scrollTop = top;
    } else if (top + height > this.#body.scrollTop + this.#body.clientHeight) {
      this.#body.scrollTop = top + height - this.#body.clientHeight;
    }
  }

  #draw() {
    const height = this.#rowHeight();
    const first = Math.max(0, Math.floor(this.#body.scrollTop / height) - SPARE_ROWS);
    const last = Math.min(this.#rows.length, Math.ceil((this.#body.scrollTop + this.#body.clientHeight) / height) + SPARE_ROWS);
    const wanted = new Map();
    for (let index = first; index < last; index++) {
      const row = this.#rows[index];
      const drawn = this.#drawn.get(row.node) ?? this.#make(row.node);
      this.#fill(drawn, row, index);
      wanted.set(row.node, drawn);
    }
    for (const [node, drawn] of this.#drawn) {
      if (!wanted.has(node)) {
        drawn.remove();
      }
    }
    this.#drawn = wanted;
    const active = this.#drawn.get(this.#selected);
    if (active === undefined) {
      this.#body.removeAttribute("aria-activedescendant");
    } else {
      this.#body.setAttribute("aria-activedescendant", active.id);
    }
  }

  #make(node) {
    const row = document.createElement("div");
    row.className = "row";
    row.setAttribute("role", "row");
    row.dataset.key = node;
    row.id = `peer-${node}`;
    for (const column of this.#columns) {
      const cell = document.createElement("span");
      cell.setAttribute("role", "gridcell");
      cell.className = column.kind ?? "";
      row.append(cell);
    }
    this.#space.append(row);
    return row;
  }

  #fill(drawn, row, index) {
    drawn.style.top = `calc(var(--row) * ${index})`;
    drawn.setAttribute("aria-rowindex", String(index + 2));
    drawn.setAttribute("aria-selected", String(row.node === this.#selected));
    this.#columns.forEach((column, position) => {
      const cell = drawn.children[position];
      const text = column.text(row);
      if (cell.textContent !== text) {
        cell.textContent = text;
        cell.title = text;
      }
      if (column.kind === "state") {
        cell.className = `state ${row.state}`;
      }
    });
  }

  #heading(column, index) {
    const cell = document.createElement("span");
    cell.setAttribute("role", "columnheader");
    cell.className = column.kind === "number" ? "number" : "";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = column.title;
    button.addEventListener("click", () => {
      const descending = this.#sort.column === index ? !this.#sort.descending : column.kind === "number";
      this.#sort = { column: index, descending };
      this.#markSort();
      this.show(this.#rows);
    });
    cell.append(button);
    return cell;
  }

  #markSort() {
    Array.from(this.#head.children).forEach((cell, index) => {
      if (index === this.#sort.column) {
        cell.setAttribute("aria-sort", this.#sort.descending ? "descending" : "ascending");
      } else {
        cell.removeAttribute("aria-sort");
      }
    });
  }

  #key(event) {
    const page = Math.max(1, Math.floor(this.#body.clientHeight / this.#rowHeight()) - 1);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const move = moves[event.key];
    if (move === undefined || this.#rows.length === 0) {
      return;
    }
    event.preventDefault();
    const now = this.#rows.findIndex((each) => each.node === this.#selected);
    const next = now < 0 && Number.isFinite(move) ? 0 : Math.min(this.#rows.length - 1, Math.max(0, now + move));
    this.select(this.#rows[next].node);
  }
}

// What is not known comes last in either of the usual directions: it counts as least.
function compare(a, b) {
  const x = a ?? -1;
  const y = b ?? -1;
  if (typeof x === "string" && typeof y === "string") {
    return x.localeCompare(y, "en", { numeric: true });
  }
  return x < y ? -1 : x > y ? 1 : 0;
}
