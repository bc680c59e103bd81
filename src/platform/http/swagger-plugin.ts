/** The properties of a response in Swagger UI. */
interface AnswerProps {
  readonly content: unknown;
  readonly contentType?: string;
  readonly getComponent: (name: string, isContainer: boolean) => unknown;
}

/** The part of Swagger UI that the plugin uses. */
interface SwaggerSystem {
  readonly React: {
    createElement(component: unknown, props: object | null, ...children: unknown[]): unknown;
  };
  readonly fn: {
    readonly getSampleSchema: (schema: unknown, mediaType?: string, ...rest: unknown[]) => unknown;
  };
}

/**
 * Shows JSON as it was sent, and JSON Lines as lines, the first of them below the link that downloads all. Without this plugin, Swagger UI shows JSON after a conversion to
 * JavaScript values: 198703212010011234 becomes 198703212010011230, and 1e400 becomes null. A reviewer who copied that into a
 * correction would change the document. Swagger UI also puts examples of JSON Lines in quotes, and sends the quotes.
 *
 * Nest sends the function's text to the browser, so the function can use nothing from outside.
 */
export function swaggerPlugin({ React, fn: { getSampleSchema } }: SwaggerSystem): object {
  /** Changes only white space between tokens. */
  function indent(json: string): string {
    let depth = 0;
    const newLine = () => `\n${'  '.repeat(Math.max(depth, 0))}`;
    return json.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|\{\s*\}|\[\s*\]|[{}[\],:]|\s+/g, (token) => {
      switch (token) {
        case '{':
        case '[':
          depth++;
          return token + newLine();
        case '}':
        case ']':
          depth--;
          return newLine() + token;
        case ',':
          return token + newLine();
        case ':':
          return ': ';
        default:
          // A string, an empty container, or white space.
          return token.trim();
      }
    });
  }

  /** The first lines, as many as a browser can show at once without delay. */
  function firstLines(text: string): string {
    const most = 50_000;
    return text.length <= most ? text : text.slice(0, text.lastIndexOf('\n', most) + 1);
  }

  return {
    fn: {
      // Swagger UI treats every media type with "json" in its name as JSON.
      getSampleSchema: (schema: unknown, mediaType?: string, ...rest: unknown[]) =>
        getSampleSchema(schema, mediaType === 'application/x-ndjson' ? 'text/plain' : mediaType, ...rest),
    },
    wrapComponents: {
      responseBody: (Original: unknown) => (props: AnswerProps) => {
        const { content, contentType = '', getComponent } = props;
        if (typeof content !== 'string') return React.createElement(Original, props);
        if (/\bx-ndjson\b/.test(contentType)) {
          return React.createElement(
            'div',
            null,
            React.createElement(Original, props),
            React.createElement(
              getComponent('HighlightCode', true),
              { language: 'json', canCopy: true },
              firstLines(content),
            ),
          );
        }
        if (!/[/+]json\b/.test(contentType)) return React.createElement(Original, props);
        return React.createElement(
          'div',
          null,
          React.createElement('h5', null, 'Response body'),
          React.createElement(
            getComponent('HighlightCode', true),
            { language: 'json', downloadable: true, fileName: 'answer.json', canCopy: true },
            indent(content),
          ),
        );
      },
    },
  };
}
