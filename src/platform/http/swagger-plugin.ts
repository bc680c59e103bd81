/** Of an answer that Swagger UI shows. */
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
 * Shows JSON as it was sent, and JSON Lines as lines. By itself, Swagger UI shows what JavaScript makes of an answer:
 * 198703212010011234 becomes 198703212010011230, 1e400 becomes null, and who copies that into a correction has changed
 * the document. It also puts examples of JSON Lines into quotes, and then sends the quotes.
 *
 * Nest sends the function's text to the browser, so that it can use nothing from outside itself.
 */
export function swaggerPlugin({ React, fn: { getSampleSchema } }: SwaggerSystem): object {
  /** Only white space between the tokens changes. */
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
          // A string, something empty, or white space.
          return token.trim();
      }
    });
  }

  return {
    fn: {
      // Whatever has "json" in its name is taken for JSON.
      getSampleSchema: (schema: unknown, mediaType?: string, ...rest: unknown[]) =>
        getSampleSchema(schema, mediaType === 'application/x-ndjson' ? 'text/plain' : mediaType, ...rest),
    },
    wrapComponents: {
      responseBody: (Original: unknown) => (props: AnswerProps) => {
        const { content, contentType = '', getComponent } = props;
        if (typeof content !== 'string' || !/[/+]json\b/.test(contentType))
          return React.createElement(Original, props);
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
