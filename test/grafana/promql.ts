/** What a PromQL query asks for, by the grammar of Prometheus' own user interface. */
import type { SyntaxNode, Tree } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

export interface Matcher {
  readonly label: string;
  /** As written: `=`, `!=`, `=~`, `!~`. */
  readonly operator: string;
  readonly value: string;
}

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** The labels that what is around it groups by. */
  readonly grouping: readonly string[];
}

/** @throws when it is no PromQL, with the place */
export function parse(query: string): Tree {
  const tree = parser.parse(query);
  tree.iterate({
    enter: ({ type, from }) => {
      if (type.isError) throw new Error(`no PromQL at ${from}: ${query}`);
    },
  });
  return tree;
}

export function selectorsOf(query: string): readonly Selector[] {
  const text = (node: SyntaxNode | null): string => (node === null ? '' : query.slice(node.from, node.to));
  return nodes(parse(query).topNode, 'VectorSelector').map((node) => ({
    metric: text(node.getChild('Identifier')),
    matchers: nodes(node, 'UnquotedLabelMatcher').map((matcher) => ({
      label: text(matcher.getChild('LabelName')),
      operator: text(matcher.getChild('MatchOp')),
      value: text(matcher.getChild('StringLiteral')).slice(1, -1),
    })),
    grouping: ancestors(node)
      .filter(({ name }) => name === 'AggregateExpr' || name === 'BinaryExpr')
      .flatMap((each) => each.getChildren('AggregateModifier').concat(each.getChildren('MatchingModifierClause')))
      .flatMap((modifier) => nodes(modifier, 'LabelName').map(text)),
  }));
}

const COMPARISONS = ['Eql', 'Neq', 'Gtr', 'Gte', 'Lss', 'Lte'];
const SETS = ['And', 'Or', 'Unless'];

/** What an alert looks at: its query without its thresholds, which would leave nothing of it while all is well. */
export function lookedAt(query: string): readonly string[] {
  return operands(parse(query).topNode.firstChild, query);
}

function operands(node: SyntaxNode | null, query: string): readonly string[] {
  if (node === null) return [];
  const [left, right] = [node.firstChild, node.lastChild];
  if (node.name === 'BinaryExpr' && [...COMPARISONS, ...SETS].some((operator) => node.getChild(operator) !== null)) {
    return [...operands(left, query), ...operands(right, query)];
  }
  if (node.name === 'ParenExpr') return operands(left, query);
  const absent = node.name === 'FunctionCall' && node.getChild('FunctionIdentifier')?.getChild('Absent') !== null;
  if (absent) return operands(right?.getChild('VectorSelector') ?? null, query);
  // A number is always there.
  return nodes(node, 'VectorSelector').length === 0 ? [] : [query.slice(node.from, node.to)];
}

function nodes(within: SyntaxNode, name: string): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  within.cursor().iterate((cursor) => {
    if (cursor.name === name) found.push(cursor.node);
  });
  return found;
}

function ancestors(node: SyntaxNode): readonly SyntaxNode[] {
  const { parent } = node;
  return parent === null ? [] : [parent, ...ancestors(parent)];
}
